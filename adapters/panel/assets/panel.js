// What pages do more with JavaScript than without it. Everything here is an ease: no page needs it.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

  // Boxes that are ticked: how many, all at once, and buttons that need at least one.
  const count = (form) => {
    const boxes = all("input[name=id]", form);
    const every = form.querySelector("input[name=all]");
    const ticked = boxes.filter((box) => box.checked).length;
    const head = form.querySelector("[data-check-all]");
    if (head) {
      head.checked = ticked > 0 && ticked === boxes.length;
      head.indeterminate = ticked > 0 && ticked < boxes.length;
      head.disabled = Boolean(every);
    }
    for (const button of all("button[formaction]", form)) button.disabled = ticked === 0;
    const shown = form.querySelector("[data-picked]");
    if (shown) shown.textContent = ticked > 0 && !every ? shown.dataset.picked.replace("%s", String(ticked)) : "";
  };
  const refresh = () => all("form[data-picks]").forEach(count);

  // How hard a password is to guess, roughly: long ones and mixed ones are.
  const strength = (password) => {
    if (password.length < 8) return 1;
    const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length;
    const different = new Set(password).size;
    if (different < 5) return 1;
    return password.length >= 16 || (password.length >= 12 && kinds >= 3) ? 3 : 2;
  };
  const measure = (input) => {
    for (const shown of all("[data-strength='" + input.id + "']")) {
      const level = input.value === "" ? 0 : strength(input.value);
      shown.querySelector("meter").value = level;
      shown.querySelector("[role=status]").textContent = ["", shown.dataset.weak, shown.dataset.fair, shown.dataset.strong][level];
    }
  };

  // 24 letters and digits in groups, without those that look alike: 118 bits.
  const random = () => {
    const letters = "abcdefghjkmnpqrstuvwxyz23456789";
    let text = "";
    while (text.length < 24) {
      for (const byte of crypto.getRandomValues(new Uint8Array(48))) {
        if (byte < 248 && text.length < 24) text += letters[byte % 31];
      }
    }
    return text.match(/.{6}/g).join("-");
  };
  const show = (button, visible) => {
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
    count(form);
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches(".password input")) measure(event.target);
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.show) show(button, button.getAttribute("aria-pressed") !== "true");
    if (button.dataset.generate) {
      const input = document.getElementById(button.dataset.generate);
      input.value = random();
      show(document.querySelector("[data-show='" + input.id + "']"), true);
      measure(input);
      input.focus();
    }
    if ("copy" in button.dataset) {
      const from = button.parentElement.querySelector("[data-copy-from]");
      from.select();
      try {
        await navigator.clipboard.writeText(from.value);
        button.textContent += " ✓";
      } catch { /* it is selected, so that it can be copied by hand */ }
    }
  });

  // A bar while something takes its time; and a form that is on its way is not sent twice.
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

  // After a search as you type: count again, and tell it to those who listen.
  document.addEventListener("htmx:after:swap", () => {
    refresh();
    const live = document.getElementById("live");
    const said = document.querySelector("#list [data-count], #list h2");
    if (live && said) live.textContent = said.textContent;
  });

  const autofocus = document.querySelector("[autofocus]");
  if (autofocus) autofocus.focus();
  refresh();
})();
