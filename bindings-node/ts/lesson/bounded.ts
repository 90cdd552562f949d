/** A map that forgets: entries have an end, and when it is full the oldest goes. */

export class Bounded<V> {
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>();

  /** Of at most `size` entries, each kept for `life` milliseconds. */
  constructor(
    private readonly size: number,
    private readonly life: number,
  ) {}

  /** The entry, if it has not ended. */
  get(key: string, now: number): V | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && now < entry.until ? entry.value : undefined;
  }

  /** The entry, if it has not ended, and it is gone. */
  take(key: string, now: number): V | undefined {
    const value = this.get(key, now);
    this.#entries.delete(key);
    return value;
  }

  set(key: string, value: V, now: number): void {
    // In the order in which they were set, so that those which end first come first.
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: now + this.life });
    for (const [oldest, { until }] of this.#entries) {
      if (until > now && this.#entries.size <= this.size) break;
      this.#entries.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
