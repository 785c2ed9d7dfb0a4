const KEY = "llm42-key";

/** Tells that the server wants a key, or another one; its detail is the server's message. */
export const keys = new EventTarget();

/** What went wrong, and what can be done. */
export class ApiError extends Error {
    constructor(message, status = 0) {
        super(message);
        this.status = status;
        this.advice = ADVICE[status] ?? (status >= 500 ? "The server's log says more. Other requests are not affected." : "");
    }
}

const ADVICE = {
    0: "Is the server still running? Start it again, then reload this page.",
    401: "Give a key of this server when the page asks for it.",
    404: "The server may have been started anew, with another model: reload this page.",
    413: "Send less text, or start the server with a larger --max-body.",
    429: "The server is busy or this key has used up its share. Wait a moment and send it again.",
    503: "The server is stopping. Start it again, then reload this page.",
    504: "Ask for fewer tokens, or start the server with a longer --request-timeout.",
};

export function storeKey(key) {
    sessionStorage.setItem(KEY, key);
}

/** The JSON that the server answers. */
export async function ask(path, body, signal) {
    const response = await send(path, body, signal);
    try {
        return await response.json();
    } catch (error) {
        throw broken(error, signal);
    }
}

/** The events that the server streams, each parsed; throws where the stream ends before its end. */
export async function* stream(path, body, signal) {
    const response = await send(path, body, signal);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    try {
        for (;;) {
            const { done, value } = await reader.read();
            if (done)
                throw new ApiError("The answer broke off.", 0);
            const lines = (rest + value).split("\n");
            rest = lines.pop();
            for (const line of lines) {
                if (!line.startsWith("data:"))
                    continue;
                const data = line.slice("data:".length).trim();
                if (data === "[DONE]")
                    return;
                const event = JSON.parse(data);
                if (event.error)
                    throw new ApiError(event.error.message, 500);
                yield event;
            }
        }
    } catch (error) {
        throw broken(error, signal);
    } finally {
        reader.cancel().catch(() => { });
    }
}

async function send(path, body, signal) {
    const headers = {};
    const key = sessionStorage.getItem(KEY);
    if (key)
        headers.Authorization = `Bearer ${key}`;
    if (body)
        headers["Content-Type"] = "application/json";
    let response;
    try {
        // Relative: behind a proxy the page may lie under another path.
        response = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), signal });
    } catch (error) {
        throw broken(error, signal);
    }
    if (response.ok)
        return response;
    const message = await messageOf(response);
    // A key that was replaced while the request was under way is not asked for again.
    if (response.status === 401 && key === sessionStorage.getItem(KEY))
        keys.dispatchEvent(new CustomEvent("needed", { detail: message }));
    throw new ApiError(message, response.status);
}

async function messageOf(response) {
    try {
        return (await response.json()).error.message;
    } catch {
        return `The server answered with status ${response.status}.`;
    }
}

function broken(error, signal) {
    if (error instanceof ApiError || signal?.aborted)
        return error;
    return new ApiError("The server does not answer.", 0);
}
