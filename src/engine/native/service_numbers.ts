/**
 * One number for each service of the snapshots in use, the same in all threads.
 *
 * @module
 */

import { NUMBERED_SNAPSHOTS } from "../../model/limits.ts";
import type { Service, Snapshot } from "../../model/snapshot.ts";
import { allServices } from "../../pipeline/services.ts";
import type { NumberedServices, ServiceNumbers } from "./flow_report.ts";

/** A snapshot as it is sent to workers: a structured clone keeps which service of the list is which of the tables. */
export interface NumberedSnapshot {
  readonly snapshot: Snapshot;
  readonly services: readonly Service[];
  /** The number of the first of `services`. */
  readonly first: number;
  /** The smallest number that the main thread still knows. */
  readonly oldest: number;
}

/** The main thread's side: gives out the numbers. */
export class ServiceTable implements NumberedServices {
  readonly #snapshots: NumberedSnapshot[] = [];
  #next = 0;

  /** Numbers the services of a snapshot that is to be published. */
  add(snapshot: Snapshot): NumberedSnapshot {
    const services = allServices(snapshot);
    const kept = this.#snapshots.at(1 - NUMBERED_SNAPSHOTS) ?? this.#snapshots.at(0);
    const first = this.#next;
    this.#next += services.length;
    const numbered = { snapshot, services, first, oldest: kept?.first ?? first };
    this.#snapshots.push(numbered);
    return numbered;
  }

  /** Forgets numbers below `oldest`: no worker uses them any more. */
  forget(oldest: number): void {
    while (this.#snapshots.length > 1 && (this.#snapshots[0]?.first ?? oldest) < oldest) {
      this.#snapshots.shift();
    }
  }

  serviceOf(number: number): Service {
    const snapshot = this.#snapshots.findLast(({ first }) => first <= number);
    const service = snapshot?.services[number - snapshot.first];
    if (service === undefined) throw new Error("a service that is not known any more");
    return service;
  }
}

/** A worker's side. A flow that outlives its numbers is reported with the whole of its service. */
export class ServiceNumberTable implements ServiceNumbers {
  readonly #numbers = new WeakMap<Service, number>();
  #oldest = 0;

  add({ services, first, oldest }: NumberedSnapshot): void {
    this.#oldest = oldest;
    services.forEach((service, index) => this.#numbers.set(service, first + index));
  }

  numberOf(service: Service): number {
    const number = this.#numbers.get(service) ?? -1;
    return number >= this.#oldest ? number : -1;
  }
}
