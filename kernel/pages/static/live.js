// Numbers that move by themselves. <div data-live="/stream"> holds elements with data-figure="name" and charts with
// data-chart-name="name"; the stream (server-sent events) says
//     event: figures   data: {"received": 1234, …}
//     event: chart     data: {"name": "by_day", "labels": […], "series": […], …}
//     event: changed   data: anything: the page's fragments with data-reload fetch themselves anew
// The browser reconnects and names the last event it saw; where a server refused for a while (a restart), we come back
// ourselves, slower and slower, with that name in the address.

const lang = document.documentElement.lang;
const words =
  lang === "en"
    ? { on: "Updating by itself", off: "Connection lost; trying again", now: "Updated" }
    : { on: "Đang tự cập nhật", off: "Mất kết nối, đang thử lại", now: "Đã cập nhật" };
const numbers = new Intl.NumberFormat(lang === "en" ? "en-GB" : "vi-VN", { maximumFractionDigits: 3 });
const SAY_EVERY = 30000;

document.querySelectorAll("[data-live]").forEach(follow);

function follow(root) {
  let last = "";
  let wait = 1000;
  let source;

  const open = () => {
    const address = new URL(root.dataset.live, location.href);
    if (last) address.searchParams.set("last_event_id", last);
    source = new EventSource(address);
    source.onopen = () => {
      wait = 1000;
      state(root, true);
    };
    source.onerror = () => {
      state(root, false);
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(open, wait * (0.5 + Math.random()));
      wait = Math.min(wait * 2, 30000);
    };
    const on = (name, act) =>
      source.addEventListener(name, (event) => {
        last = event.lastEventId || last;
        act(JSON.parse(event.data));
      });
    on("figures", (figures) => show(root, figures));
    on("chart", (chart) => root.dispatchEvent(new CustomEvent("motcua:chart", { bubbles: true, detail: chart })));
    on("changed", () => reload(root));
  };
  open();
  // A page that was put aside (a phone in a pocket) gives its connection back, and looks again when it is seen.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) source.close();
    else if (source.readyState === EventSource.CLOSED) open();
  });
}

function show(root, figures) {
  const changed = [];
  for (const [name, value] of Object.entries(figures)) {
    const text = value === null ? "–" : typeof value === "number" ? numbers.format(value) : String(value);
    root.querySelectorAll(`[data-figure="${CSS.escape(name)}"]`).forEach((each) => {
      if (each.textContent === text) return;
      each.textContent = text;
      each.classList.remove("moved");
      void each.offsetWidth; // so that the same change can be seen twice
      each.classList.add("moved");
      const label = document.getElementById(each.getAttribute("aria-labelledby"));
      changed.push(label ? `${label.textContent.trim()} ${text}` : text);
    });
  }
  if (changed.length) say(root, `${words.now}: ${changed.join(", ")}`);
}

// Said aloud at most every half minute, so that a busy day does not talk without end.
function say(root, text) {
  const box = root.querySelector("[data-live-says]");
  const now = Date.now();
  if (!box || now - (box.saidAt || 0) < SAY_EVERY) return;
  box.saidAt = now;
  box.textContent = text;
}

function state(root, connected) {
  const box = root.querySelector("[data-live-state]");
  if (!box) return;
  box.hidden = false;
  box.classList.toggle("lost", !connected);
  box.querySelector("[data-live-text]").textContent = connected ? words.on : words.off;
}

// <div id="queue" data-reload="/desk/queue">: fetched anew and put in place, never while somebody works inside it.
async function reload(root) {
  for (const each of root.querySelectorAll("[data-reload]")) {
    if (each.contains(document.activeElement)) continue;
    const answer = await fetch(each.dataset.reload, { headers: { accept: "text/html" } });
    if (answer.ok) each.innerHTML = await answer.text();
  }
}
