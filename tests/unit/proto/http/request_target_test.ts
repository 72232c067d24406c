import assert from "node:assert/strict";
import { hostOf, parseRequestTarget, pathOf } from "../../../../src/proto/http/request_target.ts";

Deno.test("parseRequestTarget() reads all four forms (RFC 9112 §3.2)", () => {
  for (
    const [method, target, authority, path] of [
      ["GET", "/where?q=now", null, "/where"],
      ["GET", "http://www.example.org/pub/WWW/", "www.example.org", "/pub/WWW/"],
      ["GET", "HTTPS://user:pw@a.example:8443?q", "a.example:8443", "/"],
      ["OPTIONS", "http://www.example.org:8001", "www.example.org:8001", "/"],
      ["CONNECT", "www.example.com:80", "www.example.com:80", null],
      ["OPTIONS", "*", null, null],
      ["GET", "//a.example/b", null, "//a.example/b"],
      ["GET", "where", null, null],
      ["GET", "", null, null],
    ] as const
  ) assert.deepEqual(parseRequestTarget(method, target), { authority, path }, target);
});

Deno.test("pathOf() tells the beginning of a long path, as it was sent", () => {
  assert.equal(pathOf("/a%2Fb/../c#d"), "/a%2Fb/../c");
  assert.equal(pathOf(`/${"a".repeat(300)}?b`)?.length, 255);
});

Deno.test("hostOf() tells names without their port, and nothing else", () => {
  for (
    const [authority, host] of [
      ["WWW.Example.COM", "www.example.com"],
      ["www.example.com.:8080", "www.example.com"],
      ["www.example.com:", "www.example.com"],
      ["192.0.2.1:80", "192.0.2.1"],
      ["[2001:db8::1]:80", null],
      ["a.example:80:80", null],
      ["a.example:http", null],
      ["user@a.example", null],
      ["a b", null],
      ["", null],
      [":80", null],
    ] as const
  ) assert.equal(hostOf(authority), host, authority);
});
