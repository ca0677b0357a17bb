// Shows the description that the page itself links to, so that it works anywhere.
SwaggerUIBundle({
  url: document.querySelector('link[rel="service-desc"]').href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
