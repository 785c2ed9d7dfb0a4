/** The element with an id. */
export const byId = id => document.getElementById(id);

/** Makes an element: names that start with "on" are listeners, "text" is its text, the rest are attributes. */
export function el(name, attributes = {}, ...children) {
    return fill(document.createElement(name), attributes, children);
}

/** As el, for SVG. */
export function svg(name, attributes = {}, ...children) {
    return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

/** An error as text: what went wrong, and what to do. */
export function problem(error) {
    return el("div", { class: "problem" }, el("p", {}, el("strong", { text: "That did not work. " }), error.message),
        error.advice ? el("p", { text: error.advice }) : "");
}

/** A number for people: 3 digits below 100, none behind the point above. */
export function figure(value) {
    if (!Number.isFinite(value))
        return "–";
    return value >= 100 || Number.isInteger(value)
        ? Math.round(value).toLocaleString("en")
        : value.toPrecision(value >= 10 ? 3 : 2).replace(/\.0+$/, "");
}

/** "1 token", "2 tokens". */
export const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (name === "text")
            element.textContent = value;
        else if (name.startsWith("on"))
            element.addEventListener(name.slice(2), value);
        else if (value !== false && value !== null && value !== undefined)
            element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
}
