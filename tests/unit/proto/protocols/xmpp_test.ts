import assert from "node:assert/strict";
import { detectXmpp, XMPP } from "../../../../src/proto/protocols/xmpp.ts";
import { matched } from "../../../support/chunks.ts";
import { latin1 } from "../../../support/client_hello_builder.ts";

const detect = (text: string) => detectXmpp(latin1(text));
const hostOf = (attributes: string) =>
  matched(detectXmpp(latin1(`<stream:stream${attributes}>`), true)).fields?.host;

Deno.test("detectXmpp() rests on the beginning of the tag, with or without a declaration", () => {
  for (
    const before of [
      "",
      "<?xml version='1.0'?>",
      "<?xml version='1.0'?>\n",
      '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>\r\n  ',
      `<?xml ${"x".repeat(88)}?>${" ".repeat(8)}`,
    ]
  ) {
    const start = `${before}<stream:stream\n`;
    assert.equal(matched(detect(`${start}to='a'>`)).consumed, start.length);
    assert.equal(detect(start.slice(0, -1)).kind, "needMore");
  }
});

Deno.test("detectXmpp() says no at the first byte that cannot be", () => {
  for (
    const start of [
      "\n",
      " ",
      "{",
      "<h",
      "<streams",
      "<stream:stream>",
      "<stream:stream/",
      "<?xmlx",
      "<?xml ?a",
      "<?xml <",
      "<?xml ?><a",
      `<?xml ?>${" ".repeat(9)}`,
      `<?xml ${"x".repeat(89)}`,
    ]
  ) {
    assert.equal(detect(start).kind, "noMatch", start);
    assert.equal(detect(start.slice(0, -1)).kind, "needMore", start);
  }
});

Deno.test("detectXmpp() tells the host that a stream is for", () => {
  assert.equal(hostOf(" to='Chat.Example.'"), "chat.example");
  assert.equal(hostOf(` id="'" to = "chat.example"`), "chat.example");
  assert.equal(hostOf(` id=" to='evil' >" to='chat.example'`), "chat.example");
  assert.equal(hostOf(" xto='a' x:to='b'"), undefined);
  for (const attributes of [" to=''", " to='a b'", " to='é'", " to=a", " a to='b'", " "]) {
    assert.equal(hostOf(attributes), undefined, attributes);
  }
});

Deno.test("detectXmpp() waits for the end of the tag only if the host is wanted, and not beyond its bound", () => {
  const before = `<?xml ${"x".repeat(88)}?>${" ".repeat(8)}`;
  const long = latin1(`${before}<stream:stream a='${">".repeat(500)}' to='chat.example'>`);
  assert.equal(matched(detectXmpp(long)).consumed, before.length + 15);
  assert.equal(detectXmpp(long.subarray(0, XMPP.bound - 1), true).kind, "needMore");
  const { consumed, fields } = matched(detectXmpp(long, true));
  assert.deepEqual([consumed, fields], [XMPP.bound, undefined]);
});
