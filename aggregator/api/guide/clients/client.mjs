const URL = "@URL@";
const KEY = "YOUR_API_KEY";

async function panel(action, fields = {}) {
  const answer = await fetch(URL, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ key: KEY, action, ...fields }),
  });
  const reply = await answer.json();
  if (reply.error || reply.message) throw new Error(reply.error || reply.message);
  return reply;
}

console.log((await panel("services")).length ? "There are services" : "There are no services");
const { order } = await panel("add", {
  service: @SERVICE@,
  link: "@LINK@",
  quantity: @QUANTITY@,
  request_id: crypto.randomUUID(), // sent again, it orders nothing twice
});
console.log("Order:", order);
console.log("Status:", (await panel("status", { order })).status);
console.log("Balance:", (await panel("balance")).balance);
