// tmi.js, unmodified, through everything it can do in a room: prints what it heard and what each promise became.
//   node tmi_bot.cjs WEBSOCKET-PORT  with ALICE and BOB (tokens) in the environment: Alice is the broadcaster

const tmi = require("tmi.js");

const port = Number(process.argv[2]);
const steps = {};
const heard = [];

const ANSWER_MS = 5000; // by itself the library waits 600 ms, however busy the machine is

function clientOf(identity) {
  const client = new tmi.Client({
    options: { skipUpdatingEmotesets: true, joinInterval: 300 },
    connection: { server: "127.0.0.1", port, secure: false, reconnect: false },
    identity,
    logger: { setLevel() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {} },
  });
  client._getPromiseDelay = () => ANSWER_MS;
  return client;
}

async function step(name, promise) {
  try {
    steps[name] = await promise;
  } catch (error) {
    steps[name] = `refused: ${error && error.message ? error.message : error}`;
  }
}

function next(client, event, matches = () => true) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event}`)), 5000);
    client.on(event, function listen(...what) {
      if (!matches(...what)) return;
      clearTimeout(timer);
      client.removeListener(event, listen);
      resolve(what);
    });
  });
}

async function main() {
  const alice = clientOf({ username: "alice", password: `oauth:${process.env.ALICE}` });
  const bob = clientOf({ username: "bob", password: process.env.BOB.toUpperCase() });
  const reader = clientOf(undefined);
  const room = "#alice";
  for (const [name, client] of Object.entries({ alice, bob, reader })) {
    await step(`${name} connects`, client.connect().then(() => "connected"));
    await step(`${name} joins`, client.join(room));
  }
  await step("bob joins nowhere", bob.join("#nobody_here"));
  // How many of an event's arguments are about it; the first is the channel, the rest are tags.
  const events = { timeout: 4, ban: 3, clearchat: 1, messagedeleted: 2, subscribers: 2, r9kbeta: 2, slowmode: 3, followersonly: 3 };
  for (const [event, count] of Object.entries(events)) {
    reader.on(event, (...what) => heard.push([event, ...what.slice(1, count)]));
  }
  await step("bob pings", bob.ping().then(([seconds]) => typeof seconds));
  const said = next(reader, "message", (...what) => what[2] === "hello there");
  const state = next(bob, "userstate").catch(() => null);
  await step("bob says", bob.say(room, "hello there"));
  const [, tags, text, self] = await said;
  steps["reader hears"] = [text, self, tags.username, tags["user-id"], tags["message-type"], tags.mod];
  const waved = next(reader, "action");
  await step("bob acts", bob.action(room, "waves"));
  steps["reader sees"] = (await waved)[2];
  await state;
  await step("bob may not time out", bob.timeout(room, "alice", 10));
  await step("alice times bob out", alice.timeout(room, "bob", 60, "calm down"));
  await step("alice lifts it", alice.unban(room, "bob"));
  await step("alice bans bob", alice.ban(room, "bob", "enough"));
  await step("alice unbans bob", alice.unban(room, "bob"));
  await step("alice bans nobody", alice.ban(room, "nobody_here"));
  await step("alice bans herself", alice.ban(room, "alice"));
  await step("no moderators", alice.mods(room));
  await step("alice makes bob a moderator", alice.mod(room, "bob"));
  await step("moderators", alice.mods(room));
  await step("alice takes it back", alice.unmod(room, "bob"));
  await step("alice makes bob a VIP", alice.vip(room, "bob"));
  await step("VIPs", alice.vips(room));
  await step("alice takes that back", alice.unvip(room, "bob"));
  await step("no VIPs", alice.vips(room));
  await step("slow", alice.slow(room, 15));
  await step("slow off", alice.slowoff(room));
  await step("followers only", alice.followersonly(room, 30));
  await step("followers only off", alice.followersonlyoff(room));
  await step("subscribers", alice.subscribers(room));
  await step("subscribers off", alice.subscribersoff(room));
  await step("r9k", alice.r9kbeta(room));
  await step("r9k off", alice.r9kbetaoff(room));
  const again = next(reader, "message", (...what) => what[2] === "delete me");
  await step("bob says more", bob.say(room, "delete me"));
  await step("alice deletes it", alice.deletemessage(room, (await again)[1].id));
  await step("alice deletes nothing", alice.deletemessage(room, "00000000-0000-7000-8000-000000000000"));
  await step("alice clears", alice.clear(room));
  await step("bob parts", bob.part(room));
  const gone = new Promise((resolve) => bob.on("disconnected", resolve));
  await step("bob disconnects", bob.disconnect().then(() => gone).then(() => "disconnected"));
  const wrong = clientOf({ username: "bob", password: "oauth:mrt_0123456789abcdef0123" });
  await step("a wrong token", wrong.connect());
  await Promise.allSettled([alice.disconnect(), reader.disconnect()]);
  console.log(JSON.stringify({ steps, heard }));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
