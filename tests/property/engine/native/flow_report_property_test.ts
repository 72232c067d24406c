import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeFlowReport,
  FlowReportEncoder,
  MAX_REPORT,
} from "../../../../src/engine/native/flow_report.ts";
import { END_REASONS } from "../../../../src/engine/native/shared_counters.ts";
import { type ErrorCode, ERRORS } from "../../../../src/model/errors.ts";
import type { FlowEnd, FlowRecord } from "../../../../src/model/flow.ts";
import { service, target } from "../../../support/snapshot_builder.ts";

const SERVICES = ["one", "two", "three"].map((name, index) =>
  service(name, {
    targets: Array.from({ length: index + 1 }, (_, at) => target(`${name}-${at}.example:443`)),
  })
);

/** Both sides of the numbers, which begin at one that is not 0. */
const NUMBERS = {
  numberOf: (wanted: typeof SERVICES[number]) => SERVICES.indexOf(wanted) + 70_000,
  serviceOf: (number: number) => SERVICES[number - 70_000] ?? assert.fail(`no service ${number}`),
};

/** Records as literals make them. */
const PLAIN = { noNullPrototype: true } as const;

const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constant("10.0.0.1"));
const address = fc.record({ host: text, port: fc.nat({ max: 65_535 }) }, PLAIN);
const errorCode = fc.constantFrom(...Object.keys(ERRORS) as ErrorCode[]);
const chosen = fc.constantFrom(...SERVICES).chain((service) =>
  fc.record({ service: fc.constant(service), target: fc.constantFrom(...service.targets) }, PLAIN)
);
const count = fc.oneof(fc.nat(), fc.maxSafeNat());
const detected = fc.record({
  protocol: fc.constantFrom("tls" as const, "quic" as const, "ssh" as const),
  sni: fc.option(text),
  alpn: fc.array(text, { maxLength: 10 }),
  ech: fc.boolean(),
  version: fc.option(text),
  consumed: fc.nat({ max: 2 ** 32 - 1 }),
  fields: fc.dictionary(fc.constantFrom("host", "path", "user"), text, { noNullPrototype: true }),
}, { ...PLAIN, requiredKeys: ["protocol", "sni", "alpn", "ech", "version", "consumed"] });
const outcome = fc.record(
  { reason: fc.constantFrom(...END_REASONS), error: errorCode },
  { ...PLAIN, requiredKeys: ["reason"] },
);
const end: fc.Arbitrary<FlowEnd> = fc.record({
  outcome,
  durationMs: fc.double({ min: 0, noNaN: true }),
  bytesUp: count,
  bytesDown: count,
}, PLAIN);
const record: fc.Arbitrary<FlowRecord> = fc.record({
  id: count,
  startedAt: count,
  transport: fc.constantFrom("tcp", "udp"),
  listener: address,
  source: address,
  destination: address,
  address: fc.option(address),
  detected: fc.option(detected),
  chosen: fc.oneof(
    chosen,
    chosen.map(({ service }) => ({ service, target: null })),
    fc.constant({ service: null, target: null }),
  ),
  ech: fc.record({
    status: fc.constantFrom("none", "grease", "rejected", "accepted"),
    publicName: fc.option(text),
    configId: fc.option(fc.nat({ max: 255 })),
    innerName: fc.option(text),
  }, PLAIN),
  failures: fc.array(
    fc.record({ chosen, error: errorCode }, PLAIN).map(({ chosen, error }) => ({
      ...chosen,
      error,
    })),
    { maxLength: 5 },
  ),
}, {
  ...PLAIN,
  requiredKeys: [
    ...["id", "startedAt", "transport", "listener", "source", "destination"] as const,
    ...["address", "detected", "chosen"] as const,
  ],
}).map(({ chosen, ...rest }) => ({ ...rest, ...chosen }));

Deno.test("decodeFlowReport() gives back what was encoded, with the services themselves", () => {
  const encoder = new FlowReportEncoder(NUMBERS);
  fc.assert(
    fc.property(record, fc.option(end), (record, end) => {
      const length = encoder.encode(record, end);
      assert(length > 0 && length <= MAX_REPORT);
      const report = decodeFlowReport(encoder.bytes.slice(0, length), NUMBERS);
      assert.deepEqual(report, { record, end });
      assert.equal(report.record.service, record.service);
      assert.equal(report.record.target, record.target);
    }),
  );
});

Deno.test("FlowReportEncoder tells when a report is too long for its form, and goes on after it", () => {
  const encoder = new FlowReportEncoder(NUMBERS);
  fc.assert(
    fc.property(record, detected, fc.nat({ max: 4 }), (record, detected, extra) => {
      const long = "x".repeat(MAX_REPORT * 2 ** extra);
      assert.equal(encoder.encode({ ...record, detected: { ...detected, sni: long } }, null), 0);
      const length = encoder.encode(record, null);
      assert.deepEqual(decodeFlowReport(encoder.bytes.slice(0, length), NUMBERS).record, record);
    }),
    { numRuns: 30 },
  );
});

Deno.test("FlowReportEncoder has no form for services without a number, nor for targets of others", () => {
  const encoder = new FlowReportEncoder({ numberOf: () => -1 });
  const [one, two] = SERVICES;
  assert(one !== undefined && two !== undefined);
  const [first] = fc.sample(record, 1);
  assert(first !== undefined);
  const unnumbered = { ...first, service: one, target: null };
  assert.equal(encoder.encode(unnumbered, null), 0);
  const mixed = { ...first, service: one, target: two.targets[0] ?? null };
  assert.equal(new FlowReportEncoder(NUMBERS).encode(mixed, null), 0);
});
