/**
 * From a checked `ech` table to what the data plane reads.
 *
 * @module
 */

import type { EchRejection, EchSettings } from "../../../model/ech.ts";
import type { LoadBalance, Service, Target } from "../../../model/snapshot.ts";
import { encodeEchConfigList } from "../../../proto/ech/config.ts";
import type { EchDraft } from "../draft.ts";
import { mapNames } from "../routes.ts";
import type { EchPlan } from "./check.ts";

/** @param service the one that the table belongs to: what its private services have in common with it */
export function buildEch({ values }: EchDraft, plan: EchPlan, service: Service): EchSettings {
  const logInnerNames = values.log_inner_names ?? false;
  const privates = plan.routes.map(({ names, targets, loadBalance }) => {
    const own = derive(service, targets, loadBalance);
    return {
      names,
      service: logInnerNames ? own : Object.freeze({ ...own, isPrivate: true as const }),
    };
  });
  return Object.freeze({
    keys: Object.freeze(plan.keys.map(({ key }) => key)),
    trialDecryption: values.trial_decryption ?? false,
    retiredConfigIds: Object.freeze([...values.retired_config_ids ?? []]),
    names: mapNames(
      privates.flatMap(({ names, service }) => names.map((name) => [name, service] as const)),
    ),
    onReject: Object.freeze(buildRejection(plan, service)),
    logInnerNames,
  });
}

function buildRejection({ rejection, keys }: EchPlan, service: Service): EchRejection {
  if (rejection.kind !== "retry") return rejection;
  const { certificates, privateKey, plaintext } = rejection;
  const offered = keys.filter(({ isOffered }) => isOffered).map(({ key }) => key.config);
  return {
    kind: "retry",
    retryConfigs: encodeEchConfigList(offered),
    certificates: Object.freeze(certificates),
    privateKey,
    plaintext: plaintext === null ? null : derive(service, plaintext, service.loadBalance),
  };
}

/** The service with other targets; it has no keys of its own, nor are its targets named by connection IDs. */
function derive(service: Service, targets: readonly Target[], loadBalance: LoadBalance): Service {
  const { name, transport, protocol, sendProxyProtocol, idleMs, transparent, order } = service;
  return Object.freeze({
    ...{ name, transport, protocol, sendProxyProtocol, idleMs, transparent, order },
    targets: Object.freeze(targets.map((target) => Object.freeze(target))),
    loadBalance,
  });
}
