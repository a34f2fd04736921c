// The guides: a button on each block of commands or code copies it, to the byte. Answers are read, not copied.
"use strict";

for (const figure of document.querySelectorAll("figure")) {
  const caption = figure.querySelector("figcaption")?.textContent ?? "";
  if (caption === "Answers") continue;
  figure.classList.toggle("bare", caption === "");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "copy", textContent: "Copy" });
  button.setAttribute("aria-label", caption === "" || caption === "Run" ? "Copy the commands" : "Copy " + caption);
  let back;
  button.addEventListener("click", async () => {
    const code = figure.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      say(button, "Copied");
    } catch {
      // No clipboard, as on a page without https: what is selected is copied by keyboard.
      getSelection().selectAllChildren(code);
      say(button, "Press Ctrl C");
    }
    clearTimeout(back);
    back = setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  figure.append(button);
}

function say(button, text) {
  button.textContent = text;
  document.getElementById("said").textContent = text;
}
