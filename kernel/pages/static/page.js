// Small comforts that no page depends on: focus on what is wrong, one sending a click, keys, printing, copying.

const summary = document.querySelector("[data-focus]");
if (summary) summary.focus();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 8000);
});
// Coming back with the browser's "back" shows the page as it was left: let it be sent again.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((f) => delete f.dataset.sent));

document.addEventListener("click", (event) => {
  const print = event.target.closest("[data-print]");
  if (print) window.print();
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    navigator.clipboard?.writeText(copy.dataset.copy).then(() => {
      if (copy.dataset.copied) copy.textContent = copy.dataset.copied;
    });
  }
});
document.querySelectorAll("[data-print], [data-copy]").forEach((each) => (each.hidden = false));

// Keys: an element with data-key="n" is followed, pressed or focused by that key; "?" lists them all.
const keyed = () => [...document.querySelectorAll("[data-key]")].filter((each) => each.offsetParent !== null);
const typing = (target) => target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && typing(event.target)) event.target.blur();
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  const keys = document.getElementById("keys");
  if (event.key === "?" && keys) {
    list(keys);
    keys.showModal();
    event.preventDefault();
    return;
  }
  if (/^[jk]$/.test(event.key) && moveRow(event.key === "j" ? 1 : -1)) {
    event.preventDefault();
    return;
  }
  const found = keyed().find((each) => each.dataset.key === event.key);
  if (!found) return;
  event.preventDefault();
  if (typing(found)) {
    found.focus();
    found.select?.();
  } else found.click();
});

function list(dialog) {
  const rows = keyed().map((each) => {
    const row = document.createElement("div");
    const key = document.createElement("dt");
    const what = document.createElement("dd");
    const cap = document.createElement("kbd");
    cap.textContent = each.dataset.key;
    key.append(cap);
    what.textContent = each.dataset.keySays || each.labels?.[0]?.textContent.trim() || each.textContent.trim();
    row.append(key, what);
    return row;
  });
  dialog.querySelector("[data-keys-here]").replaceChildren(...rows);
}

// j and k walk down and up the first link of each row of a table that asks for it.
function moveRow(step) {
  const links = [...document.querySelectorAll("[data-rows] tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);
  if (!links.length) return false;
  const at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at + step))].focus();
  return true;
}
