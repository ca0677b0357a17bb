// Comfort for those who let scripts run; every page works as well without it.
(() => {
  "use strict";

  // A field may be called like a property of its form, so attributes are asked.
  const isGet = (form) => form.getAttribute("method") === "get";

  /** Leave blank fields out, so that the address tells what was asked for only. */
  function leaveOutBlanks(form) {
    const blank = [...form.querySelectorAll("input, select, textarea")].filter(
      (control) => control.value === "" && !control.disabled,
    );
    for (const control of blank) control.disabled = true;
    setTimeout(() => {
      for (const control of blank) control.disabled = false;
    });
  }

  /** Whether the form was sent a moment ago, as by a double click. */
  function isSentAlready(form) {
    if (form.hasAttribute("data-sent")) return true;
    form.setAttribute("data-sent", "");
    setTimeout(() => form.removeAttribute("data-sent"), 3000);
    return false;
  }

  addEventListener("submit", (event) => {
    const form = event.target;
    const question = form.getAttribute("data-confirm");
    if (isGet(form)) {
      leaveOutBlanks(form);
    } else if ((question && !confirm(question)) || isSentAlready(form)) {
      event.preventDefault();
    }
  });

  for (const time of document.querySelectorAll("time")) {
    time.title = new Date(time.dateTime).toLocaleString();
  }
})();
