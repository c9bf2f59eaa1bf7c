// Enhancements of the pages. All pages work without JavaScript.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

  // Selections in lists: shows the number, updates the checkbox for all rows, and disables buttons while nothing is selected.
  const updateSelection = (form) => {
    const boxes = all("input[name=id]", form);
    const allMatches = form.querySelector("input[name=all]");
    const selected = boxes.filter((box) => box.checked).length;
    const head = form.querySelector("[data-check-all]");
    if (head) {
      head.checked = selected > 0 && selected === boxes.length;
      head.indeterminate = selected > 0 && selected < boxes.length;
      head.disabled = Boolean(allMatches);
    }
    for (const button of all("button[formaction]", form)) button.disabled = selected === 0;
    const label = form.querySelector("[data-picked]");
    if (label) label.textContent = selected > 0 && !allMatches ? label.dataset.picked.replace("%s", String(selected)) : "";
  };
  const refresh = () => all("form[data-picks]").forEach(updateSelection);

  // Beginnings of the common passwords that are long and varied enough to seem better than weak.
  const commonStart = /^(123456789|1qaz|23176d|hd764n|lhbjkj|mailcr|momsan|password|polniy|q1w2e3|qazwsx|qwerty|zqjphs)/;

  // Estimates the strength of a password from 1 (weak) to 3 (strong). Everything that the server refuses as common, or as a
  // repetition of something common, is weak, and so is every other short, monotonous or repetitive password. Anything but
  // letters and digits counts as three more characters. Case and what telephones add to emoji do not count, as on the server.
  const strength = (password) => {
    const text = password.replace(/[\ufe0e\ufe0f\u200d]/g, "").normalize("NFC").toUpperCase().toLowerCase();
    const characters = Array.from(text);
    const different = new Set(characters).size;
    const length = characters.length + (/[^a-z0-9]/.test(text) ? 3 : 0);
    const isRepetition = (text + text).indexOf(text, 1) < text.length;
    if (length < 15 || different < 8 || isRepetition || commonStart.test(text)) return 1;
    return length >= 20 && different >= 10 ? 3 : 2;
  };
  const showStrength = (input) => {
    for (const output of all("[data-strength='" + input.id + "']")) {
      const level = input.value === "" ? 0 : strength(input.value);
      output.querySelector("meter").value = level;
      output.querySelector("[role=status]").textContent = ["", output.dataset.weak, output.dataset.fair, output.dataset.strong][level];
    }
  };

  // Returns a random password: 24 letters and digits in groups of 6, without similar ones, with 118 random bits.
  const randomPassword = () => {
    const letters = "abcdefghjkmnpqrstuvwxyz23456789";
    let text = "";
    while (text.length < 24) {
      for (const byte of crypto.getRandomValues(new Uint8Array(48))) {
        if (byte < 248 && text.length < 24) text += letters[byte % 31];
      }
    }
    return text.match(/.{6}/g).join("-");
  };
  const showPassword = (button, visible) => {
    const input = document.getElementById(button.dataset.show);
    button.dataset.showText ??= button.textContent;
    input.type = visible ? "text" : "password";
    button.setAttribute("aria-pressed", String(visible));
    button.textContent = visible ? button.dataset.hideText : button.dataset.showText;
  };

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-picks]");
    if (!form) return;
    if (event.target.matches("[data-check-all]")) {
      for (const box of all("input[name=id]", form)) box.checked = event.target.checked;
    }
    updateSelection(form);
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches(".password input")) showStrength(event.target);
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.show) showPassword(button, button.getAttribute("aria-pressed") !== "true");
    if (button.dataset.generate) {
      const input = document.getElementById(button.dataset.generate);
      input.value = randomPassword();
      showPassword(document.querySelector("[data-show='" + input.id + "']"), true);
      showStrength(input);
      input.focus();
    }
    if ("copy" in button.dataset) {
      const from = button.parentElement.querySelector("[data-copy-from]");
      from.select();
      try {
        await navigator.clipboard.writeText(from.value);
        button.textContent += " ✓";
      } catch { /* the text is selected, so that users can copy it */ }
    }
  });

  // Shows a progress bar during a request, and prevents that a form is submitted twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method.toLowerCase() !== "post") {
      root.classList.toggle("working", !form.matches("[data-live]"));
      return;
    }
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    root.classList.add("working");
  });
  window.addEventListener("pageshow", () => {
    root.classList.remove("working");
    for (const form of all("form[data-sent]")) delete form.dataset.sent;
    refresh();
  });

  // After a live search: updates the selection and announces the number of results to screen readers.
  document.addEventListener("htmx:after:swap", () => {
    refresh();
    const live = document.getElementById("live");
    const result = document.querySelector("#list [data-count], #list h2");
    if (live && result) live.textContent = result.textContent;
  });

  const autofocus = document.querySelector("[autofocus]");
  if (autofocus) autofocus.focus();
  refresh();
})();
