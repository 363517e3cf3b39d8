// Comforts for whoever runs scripts; without them every page still does its work.
"use strict";

// data-copy="text": a button that copies it.
for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), 1200);
});

// Puts what our own server says in place of what an element holds.
async function refresh(element, address) {
  const reply = await fetch(address, { headers: { "X-Part": "1" }, redirect: "error" });
  if (reply.ok || reply.status === 400) element.innerHTML = await reply.text();
}

// data-live="/path" data-every="5": a part that is looked at again every so many seconds while the page is seen.
for (const element of document.querySelectorAll("[data-live]")) {
  setInterval(() => {
    if (!document.hidden && !element.contains(document.activeElement)) {
      refresh(element, element.dataset.live).catch(() => {});
    }
  }, 1000 * Number(element.dataset.every || 10));
}

// <form data-ask="/path" data-into="id">: what the server says of the fields as they are typed. Never the token.
for (const form of document.querySelectorAll("form[data-ask]")) {
  const target = document.getElementById(form.dataset.into);
  let waiting = 0;
  let asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const fields = new URLSearchParams(new FormData(form));
    fields.delete("token");
    fields.delete("once");
    const reply = await fetch(`${form.dataset.ask}?${fields}`, { headers: { "X-Part": "1" }, redirect: "error" });
    if (mine === asked && (reply.ok || reply.status === 400)) target.innerHTML = await reply.text();
  };
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => ask().catch(() => {}), 200);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  if (form.dataset.now !== undefined) later();
}

// <form data-preview="/path" data-into="id">: the same for what is too long for an address, with its token.
for (const form of document.querySelectorAll("form[data-preview]")) {
  const target = document.getElementById(form.dataset.into);
  let waiting = 0;
  let asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const body = new URLSearchParams(new FormData(form));
    const reply = await fetch(form.dataset.preview, { method: "POST", body, headers: { "X-Part": "1" }, redirect: "error" });
    if (mine === asked && (reply.ok || reply.status === 400)) target.innerHTML = await reply.text();
  };
  form.addEventListener("input", (event) => {
    if (event.target.tagName !== "TEXTAREA") return;
    clearTimeout(waiting);
    waiting = setTimeout(() => ask().catch(() => {}), 350);
  });
}

// <form data-auto>: filters that apply as soon as one is chosen.
for (const form of document.querySelectorAll("form[data-auto]")) {
  form.addEventListener("change", (event) => event.target.matches("select, [type=checkbox]") && form.requestSubmit());
}

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (event.target.dataset.sent) return event.preventDefault();
  event.target.dataset.sent = "1";
  setTimeout(() => delete event.target.dataset.sent, 5000);
});
