namespace Llm42.Core.Engine;

/// <summary>What makes the verifier's predictions independent of the load.</summary>
public enum VerifierKind
{
    /// <summary>Invariant kernels: windows ride along with other requests' rows, in any shape.</summary>
    Invariant,

    /// <summary>
    /// Fast kernels, always launched at one padded shape, as the protocol was published. Deterministic prompts are
    /// prefilled alone and in one piece, and such requests hold all their KV pages from the start. The answer depends
    /// on the window and the group. For side-by-side studies.
    /// </summary>
    FixedShape,
}
