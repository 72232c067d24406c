import assert from "node:assert/strict";
import { detectRedis, REDIS } from "../../../../src/proto/protocols/redis.ts";
import { matched } from "../../../support/chunks.ts";
import { latin1 } from "../../../support/client_hello_builder.ts";

const detect = (text: string) => detectRedis(latin1(text));

Deno.test("detectRedis() rests on the name of the command and takes any that is one word", () => {
  for (const name of ["GET", "get", "JSON.SET", "b840fc02d524045429941cc15f59e41cb7be6c52"]) {
    const start = `*2\r\n$${name.length}\r\n${name}\r\n`;
    assert.equal(matched(detect(`${start}$1\r\nk\r\n`)).consumed, start.length);
    assert.equal(detect(start.slice(0, -1)).kind, "needMore");
  }
});

Deno.test("detectRedis() takes PING as a line in any case, with either line end", () => {
  for (const line of ["PING\r\n", "ping\r\n", "PiNg\n"]) {
    assert.equal(matched(detect(`${line}more`)).consumed, line.length);
  }
});

Deno.test("detectRedis() says no to every other line", () => {
  for (
    const line of ["PING \r\n", "PING\rX", "PINGER\r\n", "GET key\r\n", "QUIT\r\n", "P\r\n", "\r\n"]
  ) {
    assert.equal(detect(line).kind, "noMatch", JSON.stringify(line));
  }
});

Deno.test("detectRedis() says no at the first byte that breaks the array", () => {
  for (
    const start of [
      "*0",
      "*x",
      "*\r",
      "*-",
      "*12345678",
      "*1\n",
      "*1\rx",
      "*1\r\n:",
      "*1\r\n$0",
      "*1\r\n$-",
      "*1\r\n$100",
      "*1\r\n$4\r\nP ",
      "*1\r\n$4\r\n\xe9",
      "*1\r\n$4\r\nPINGS",
    ]
  ) {
    assert.equal(detect(start).kind, "noMatch", JSON.stringify(start));
    assert.equal(detect(start.slice(0, -1)).kind, "needMore", JSON.stringify(start));
  }
});

Deno.test("detectRedis() knows at its bound", () => {
  const longest = `*9999999\r\n$99\r\n${"x".repeat(99)}\r\n`;
  assert.equal(longest.length, REDIS.bound);
  assert.equal(matched(detect(longest)).consumed, REDIS.bound);
});
