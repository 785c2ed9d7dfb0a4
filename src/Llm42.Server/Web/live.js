import { ask, keys } from "./api.js";
import { byId, count, el, figure } from "./dom.js";
import { Sparkline } from "./sparkline.js";

const PERIOD = 1000;
const SAMPLES = 60;

/** Wires the live figures: asks for totals each second and draws what changed. */
export function startLive(settings) {
    const view = new LiveView(settings);
    byId("live-figures").append(...view.elements);
    let last = null;
    let needsKey = false;
    keys.addEventListener("needed", () => needsKey = true);
    keys.addEventListener("given", () => needsKey = false);
    void poll();

    async function poll() {
        for (;;) {
            // Nobody is asked for figures that nobody sees.
            if (!document.hidden && !needsKey && byId("live").checkVisibility())
                last = await look(last);
            await new Promise(resolve => setTimeout(resolve, PERIOD));
        }
    }

    async function look(before) {
        try {
            const now = await ask("page/live");
            byId("live-state").textContent = now.is_draining ? "stopping" : "";
            // A reset of the totals, or another server: begin anew.
            view.show(before && now.milliseconds > before.milliseconds ? before : now, now);
            return now;
        } catch (error) {
            byId("live-state").textContent = `no figures: ${error.message}`;
            return null;
        }
    }
}

class LiveView {
    #history = [];
    #throughput = new Panel("Throughput", "tokens/s", ["ordinary", "deterministic"], [
        ["ordinary", "Without determinism"], ["deterministic", "With determinism"]]);
    #loop = new Panel("Verify loop", "drafted/s", ["committed", "back"], [
        ["drafted", "Drafted"], ["committed", "Committed"], ["back", "Rolled back"], ["bonus", "Bonus tokens"]]);
    #requests = new Panel("Requests", "running", ["running", "waiting"], [
        ["running", "Running"], ["waiting", "Waiting"], ["ended", "Ended"], ["preempted", "Preempted"]]);
    #pages = new Panel("KV pages", "in use", ["owned", "cached"], [
        ["owned", "In use"], ["cached", "Kept for prefixes"], ["free", "Free"]]);
    #prefix = new Panel("Prefix cache", "of prompts found", ["hits", "misses"], [
        ["hits", "Found"], ["misses", "Computed"]]);

    constructor(settings) {
        this.elements = [this.#throughput, this.#loop, this.#requests, this.#pages, this.#prefix].map(panel => panel.element);
        if (!settings.drafts)
            this.#loop.element.append(el("p", {
                class: "facts", text: settings.offers_determinism
                    ? "This server decodes deterministic requests under invariant numerics: nothing is drafted, so nothing can roll back."
                    : "This server was started with determinism off: nothing is drafted.",
            }));
    }

    show(before, now) {
        const seconds = (now.milliseconds - before.milliseconds) / 1000;
        const rate = name => seconds > 0 ? Math.max(0, now[name] - before[name]) / seconds : 0;
        this.#history.push({
            ...now,
            ordinary: rate("ordinary_tokens"), deterministic: rate("deterministic_tokens"),
            drafted: rate("tokens_drafted"), accepted: rate("tokens_accepted"), back: rate("tokens_rolled_back"),
            hits: rate("cached_tokens"), misses: Math.max(0, rate("prompt_tokens") - rate("cached_tokens")),
        });
        if (this.#history.length > SAMPLES)
            this.#history.shift();
        const latest = this.#history.at(-1);
        const series = (...names) => this.#history.map(sample => names.map(name => sample[name]));
        const tokens = latest.ordinary + latest.deterministic;
        const share = now.prompt_tokens === 0 ? NaN : now.cached_tokens / now.prompt_tokens;

        this.#throughput.show(figure(tokens), {
            ordinary: now.ordinary_tokens, deterministic: now.deterministic_tokens,
        }, series("ordinary", "deterministic"));
        this.#loop.show(figure(latest.drafted), {
            drafted: now.tokens_drafted, committed: now.tokens_accepted, back: now.tokens_rolled_back, bonus: now.bonus_tokens,
        }, series("accepted", "back"));
        this.#requests.show(figure(now.running), {
            running: now.running, waiting: now.waiting, ended: now.requests, preempted: now.preemptions,
        }, series("running", "waiting"));
        this.#pages.show(figure(now.owned_pages), {
            owned: now.owned_pages, cached: now.cached_pages, free: now.free_pages,
        }, series("owned_pages", "cached_pages"), now.owned_pages + now.cached_pages + now.free_pages);
        this.#prefix.show(Number.isNaN(share) ? "–" : `${figure(share * 100)}%`, {
            hits: now.cached_tokens, misses: now.prompt_tokens - now.cached_tokens,
        }, series("hits", "misses"));
    }
}

/** A headline figure, its last minute, and the figures beside it. */
class Panel {
    #unit;
    #title;
    #headline = el("span", { class: "headline", text: "–" });
    #values = {};
    #spark;

    /** @param rows name and label of each figure; the names that are series too are drawn, from the bottom up. */
    constructor(title, unit, series, rows) {
        this.#title = title;
        this.#unit = unit;
        this.#spark = new Sparkline(series, SAMPLES);
        const list = el("dl");
        for (const [name, label] of rows) {
            this.#values[name] = el("dd", { text: "–", class: name });
            list.append(el("div", {}, el("dt", { class: series.includes(name) ? `swatch ${name}` : false, text: label }), this.#values[name]));
        }
        this.element = el("section", { class: "panel" },
            el("h3", { text: title }),
            el("p", { class: "now" }, this.#headline, ` ${unit}`),
            this.#spark.element,
            list);
    }

    /** @param most the full height of the drawing; left out, the largest sample. */
    show(headline, values, samples, most = Math.max(1, ...samples.map(sample => sample.reduce((a, b) => a + b, 0)))) {
        this.#headline.textContent = headline;
        for (const [name, value] of Object.entries(values))
            this.#values[name].textContent = figure(value);
        this.#values.back?.classList.toggle("some", values.back > 0);
        this.#spark.draw(samples, most, `${this.#title}, the last ${count(samples.length, "second")}: `
            + `now ${headline} ${this.#unit}, drawn from 0 to ${figure(most)}`);
    }
}
