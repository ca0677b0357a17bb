// An issuer of access tokens (RFC 9068) on loopback, with new keys at each start.
// Usage: node issuer.mjs PORT; it prints a line when it answers.
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

const ALGORITHMS = {
  RS256: ["rsa", { modulusLength: 2048 }],
  ES256: ["ec", { namedCurve: "P-256" }],
  EdDSA: ["ed25519"],
};
const algorithms = Object.keys(ALGORITHMS);
const port = Number(process.argv[2]);
const keys = algorithms.map((alg) => ({
  ...generateKeyPairSync(...ALGORITHMS[alg]).privateKey.export({ format: "jwk" }),
  alg,
  use: "sig",
}));

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys },
  clients: [
    {
      client_id: "till",
      client_secret: "only-a-test",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    },
  ],
  enabledJWA: { idTokenSigningAlgValues: algorithms },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      // The path of the resource names the algorithm.
      getResourceServerInfo: (_context, resource) => ({
        scope: "shop",
        audience: "https://shop.example",
        accessTokenFormat: "jwt",
        accessTokenTTL: 300,
        jwt: { sign: { alg: new URL(resource).pathname.slice(1) } },
      }),
    },
  },
  extraTokenClaims: () => ({ role: "editor", customer: 7 }),
});

provider.listen(port, "127.0.0.1", () => console.log("ready"));
