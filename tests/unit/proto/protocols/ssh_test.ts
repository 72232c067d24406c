import assert from "node:assert/strict";
import { detectSsh, SSH } from "../../../../src/proto/protocols/ssh.ts";
import { latin1 } from "../../../support/client_hello_builder.ts";
import { inChunks, matched } from "../../../support/chunks.ts";

Deno.test("detectSsh() tells the version of a client and rests on no more than it", () => {
  for (
    const [line, version, consumed] of [
      ["SSH-2.0-OpenSSH_9.6\r\n", "SSH-2.0", 8],
      ["SSH-2.0-Go\r\n\0\0\x01\x14", "SSH-2.0", 8],
      ["SSH-1.99-Cisco-1.25\n", "SSH-1.99", 9],
      ["SSH-1.5-OpenSSH_5.3\n", "SSH-1.5", 8],
    ] as const
  ) {
    const detected = matched(detectSsh(latin1(line)));
    assert.deepEqual([detected.protocol, detected.version, detected.consumed], [
      "ssh",
      version,
      consumed,
    ]);
    const detector = (head: Uint8Array) => detectSsh(head);
    assert.deepEqual(inChunks(detector, latin1(line), [1]), detectSsh(latin1(line)));
  }
});

Deno.test("detectSsh() needs more for every prefix of a version it knows", () => {
  for (const start of ["", "S", "SSH-", "SSH-1", "SSH-1.9", "SSH-2.", "SSH-1.99", "SSH-1.5"]) {
    assert.equal(detectSsh(latin1(start)).kind, "needMore", start);
  }
});

Deno.test("detectSsh() says no at the first byte that differs", () => {
  for (
    const start of [
      "s",
      "SX",
      "ssh-2.0-",
      "SSH-3",
      "SSH-2.1",
      "SSH-2.0\r",
      "SSH-1.98",
      "\r\nSSH-2.0-x", // lines before it are the server's privilege (RFC 4253 §4.2)
      "Welcome\r\nSSH-2.0-x",
    ]
  ) assert.equal(detectSsh(latin1(start)).kind, "noMatch", start);
});

Deno.test("detectSsh() tells the software version up to a comment or the line end when it is wanted", () => {
  for (
    const [line, software, consumed] of [
      ["SSH-2.0-OpenSSH_9.6\r\n", "OpenSSH_9.6", 20],
      ["SSH-2.0-OpenSSH_9.6p1 Ubuntu-3\r\n", "OpenSSH_9.6p1", 22],
      ["SSH-2.0-libssh2_1.11\n", "libssh2_1.11", 21],
      ["SSH-2.0-\r\n", undefined, 9],
      ["SSH-2.0- a\r\n", undefined, 9],
      ["SSH-2.0-a\0b\r\n", undefined, 10],
      ["SSH-2.0-\xe9\r\n", undefined, 9],
    ] as const
  ) {
    const detected = matched(detectSsh(latin1(line), true));
    assert.equal(detected.fields?.clientSoftware, software, line);
    assert.deepEqual([detected.version, detected.consumed], ["SSH-2.0", consumed], line);
    assert.equal(detectSsh(latin1(line).subarray(0, consumed - 1), true).kind, "needMore");
  }
});

Deno.test("detectSsh() does without a software version that is longer than the string may be", () => {
  const longest = `SSH-2.0-${"x".repeat(246)}\n`;
  assert.equal(longest.length, SSH.bound);
  assert.equal(matched(detectSsh(latin1(longest), true)).fields?.clientSoftware?.length, 246);
  const longer = matched(detectSsh(latin1(`SSH-2.0-${"x".repeat(247)}\n`), true));
  assert.deepEqual([longer.fields, longer.consumed], [undefined, SSH.bound]);
});
