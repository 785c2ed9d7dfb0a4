import { svg } from "./dom.js";

const WIDTH = 240;
const HEIGHT = 40;

/** A small drawing of the last figures of a series, or of several stacked; screen readers hear its description. */
export class Sparkline {
    #bars;
    #series;

    /** @param classes a name for each series, from the bottom up. */
    constructor(classes, places) {
        this.#series = classes;
        this.#bars = Array.from({ length: places }, () => classes.map(name => svg("rect", { class: `series ${name}` })));
        this.element = svg("svg", {
            class: "spark", role: "img", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-label": "nothing yet",
        }, svg("line", { x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5, class: "ground" }), ...this.#bars.flat());
    }

    /** Draws samples, each an array of a number per series, the newest last, from 0 to the most there can be. */
    draw(samples, most, description) {
        const step = WIDTH / this.#bars.length;
        const offset = this.#bars.length - samples.length;
        this.#bars.forEach((bar, place) => {
            const sample = samples[place - offset] ?? this.#series.map(() => 0);
            let top = HEIGHT - 1;
            bar.forEach((rect, i) => {
                const height = sample[i] / most * (HEIGHT - 2);
                top -= height;
                rect.setAttribute("x", place * step);
                rect.setAttribute("width", step * 0.75);
                rect.setAttribute("y", top);
                rect.setAttribute("height", height);
            });
        });
        this.element.setAttribute("aria-label", description);
    }
}
