// Answers are lists of tokens { id, text, logprob, bits }.

const float = new DataView(new ArrayBuffer(4));

/** The bits of a log-probability as 8 hexadecimal digits. The server writes floats with all their digits. */
export function bitsOf(logprob) {
    float.setFloat32(0, logprob);
    return float.getUint32(0).toString(16).padStart(8, "0");
}

const sameToken = (a, b) => a.id === b.id;
const sameBits = (a, b) => a.id === b.id && a.bits === b.bits;

/** Where an answer first differs from another: an index, the shorter one's length where one goes on, or -1. */
function firstOther(answer, reference, same) {
    const common = Math.min(answer.length, reference.length);
    for (let i = 0; i < common; i++) {
        if (!same(answer[i], reference[i]))
            return i;
    }
    return answer.length === reference.length ? -1 : common;
}

export const firstOtherToken = (answer, reference) => firstOther(answer, reference, sameToken);
export const firstOtherBits = (answer, reference) => firstOther(answer, reference, sameBits);

/** How many different answers there are, by tokens alone and by the bits of log-probabilities as well. */
export function countDistinct(answers) {
    const count = part => new Set(answers.map(answer => answer.map(part).join())).size;
    return { byTokens: count(token => token.id), byBits: count(token => `${token.id}:${token.bits}`) };
}
