import assert from "node:assert/strict";
import { latin1 as text } from "../../../../src/proto/bytes.ts";
import { decodeHuffman } from "../../../../src/proto/http/huffman.ts";

const decode = (hex: string) => {
  const bytes = decodeHuffman(Uint8Array.fromHex(hex));
  return bytes === null ? null : text(bytes);
};

Deno.test("decodeHuffman() decodes codes of every length class", () => {
  assert.equal(decode(""), "");
  assert.equal(decode("f1e3c2e5f23a6ba0ab90f4ff"), "www.example.com");
  // From Appendix B: 28 bits each for \x02 (fffffe2) and \xf9 (ffffffe), 30 for \n (3ffffffc).
  assert.equal(decode("fffffe2f"), "\x02");
  assert.equal(decode("ffffffef"), "\xf9");
  assert.equal(decode("fffffff3"), "\n");
});

Deno.test("decodeHuffman() refuses EOS and padding that is not its beginning", () => {
  assert.equal(decode("ffffffff"), null); // 30 ones are EOS
  assert.equal(decode("ff"), null); // eight bits of padding
  assert.equal(decode("07"), "0"); // five bits and three ones
  assert.equal(decode("06"), null);
  assert.equal(decode("00"), null); // padding of zeros
});
