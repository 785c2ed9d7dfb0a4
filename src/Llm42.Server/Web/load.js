import { ask } from "./api.js";

// A browser opens about six connections to a server: so few workers, each asking for several answers at once.
const WORKERS = 3;
const WORDS = ("and it came to pass in those days that there went out a decree from the king of the city by the sea "
    + "water boils at lower heat on a high mountain because the air above weighs less my good lord what news").split(" ");

/** Numbers from 0 to 1, the same for the same seed: a run with determinism gets the load of the one without. */
export function randomOf(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
}

/** An integer of least..most. */
export const pick = (random, least, most) => least + Math.floor(random() * (most - least + 1));

/** Requests that run beside those looked at: of other lengths, and as many as asked for at the moment. */
export class Neighbours {
    #level = 0;
    #changed = Promise.withResolvers();
    #abort = new AbortController();
    #workers;
    #random;
    #longest;
    #someDeterministic;

    /** Why neighbours could not be had, or null. */
    problem = null;

    constructor(seed, maxContext, someDeterministic) {
        this.#random = randomOf(seed);
        this.#longest = Math.max(1, Math.min(96, maxContext >> 3));
        this.#someDeterministic = someDeterministic;
        this.#workers = Array.from({ length: WORKERS }, (_, i) => this.#work(i));
    }

    /** How many there shall be from now on. */
    set level(level) {
        this.#level = level;
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
    }

    /** Ends them all. */
    async stop() {
        this.#abort.abort();
        this.#changed.resolve();
        await Promise.all(this.#workers);
    }

    async #work(index) {
        const signal = this.#abort.signal;
        while (!signal.aborted && !this.problem) {
            const size = Math.floor((this.#level + WORKERS - 1 - index) / WORKERS);
            if (size === 0) {
                await this.#changed.promise;
                continue;
            }
            try {
                await ask("generate", this.#batch(size), signal);
            } catch (error) {
                if (signal.aborted)
                    return;
                // A full server is load enough: wait for the next change.
                if (error.status === 429)
                    await this.#changed.promise;
                else
                    this.problem = error;
            }
        }
    }

    #batch(size) {
        const random = this.#random;
        const text = Array.from({ length: size }, () => Array.from(
            { length: pick(random, 1, this.#longest) }, () => WORDS[pick(random, 0, WORDS.length - 1)]).join(" "));
        return {
            text,
            is_deterministic: this.#someDeterministic && random() < 0.5,
            sampling_params: {
                max_new_tokens: pick(random, 4, this.#longest), temperature: 0.8, ignore_eos: true, sampling_seed: pick(random, 0, 2 ** 31),
            },
        };
    }
}
