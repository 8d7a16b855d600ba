/* The question whether the search may remember the visitor: answered without leaving the page. */

export function watchConsent() {
  for (const section of document.querySelectorAll("[data-xs-consent]")) {
    section.addEventListener("submit", async (event) => {
      event.preventDefault();
      const form = event.target;
      try {
        const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Xsearch": "choice" } });
        if (!answer.ok) throw new Error(String(answer.status));
        section.remove();
      } catch {
        form.submit(); /* The page that comes says what is wrong. */
      }
    });
  }
}
