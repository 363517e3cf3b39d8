// The API's page: copies code, puts a key into the examples without sending it anywhere, and sends a trial.
"use strict";

const PLACEHOLDER = "YOUR_API_KEY";
const SHOWN = 4000;
const mine = document.getElementById("my-key");
const trial = document.querySelector(".trial");
const part = (name) => document.getElementById(`try-${name}`);

for (const button of document.querySelectorAll(".take")) button.hidden = !navigator.clipboard;
document.addEventListener("click", async (event) => {
  const button = event.target.closest(".take");
  if (!button) return;
  await navigator.clipboard.writeText(button.closest(".code").querySelector("pre").textContent);
  button.textContent = "Copied";
  button.classList.add("done");
  setTimeout(() => {
    button.textContent = "Copy";
    button.classList.remove("done");
  }, 1200);
});

// Only what cannot end a text in any of the languages is put into the programs.
function put(key) {
  const fits = /^[A-Za-z0-9_.-]{8,128}$/.test(key);
  for (const place of document.querySelectorAll("mark.key")) {
    place.textContent = fits ? key : PLACEHOLDER;
    place.classList.toggle("put", fits);
  }
}

function follow(from, to) {
  from.addEventListener("input", () => {
    to.value = from.value.trim();
    put(from.value.trim());
  });
}

document.querySelector(".mine").hidden = false;
trial.hidden = false;
follow(mine, part("key"));
follow(part("key"), mine);
mine.dispatchEvent(new Event("input"));
part("action").addEventListener("change", () => {
  part("order-field").hidden = part("action").value !== "status";
});

function request() {
  const fields = { key: part("key").value.trim(), action: part("action").value };
  if (fields.action === "status") fields.order = part("order").value.trim();
  if (part("encoding").value === "classic") return { body: new URLSearchParams(fields) };
  return { body: JSON.stringify(fields), headers: { "Content-Type": "application/json" } };
}

function shown(text) {
  let body = text;
  try {
    body = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // As it came.
  }
  return body.length > SHOWN ? `${body.slice(0, SHOWN)}\n… ${body.length - SHOWN} more characters` : body;
}

trial.addEventListener("submit", async (event) => {
  event.preventDefault();
  const began = performance.now();
  let code = "";
  let body = "";
  try {
    const reply = await fetch(trial.dataset.url, { method: "POST", credentials: "omit", ...request() });
    body = shown(await reply.text());
    code = `HTTP ${reply.status} · ${Math.round(performance.now() - began)} ms`;
  } catch {
    code = "No answer: is the network there?";
  }
  part("code").textContent = code;
  part("body").textContent = body;
  part("result").hidden = false;
});
