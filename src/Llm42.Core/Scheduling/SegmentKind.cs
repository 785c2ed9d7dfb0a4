namespace Llm42.Core.Scheduling;

/// <summary>Why a sequence takes part in a step.</summary>
public enum SegmentKind
{
    /// <summary>Known tokens whose keys and values are missing. Needs invariant numerics.</summary>
    Prefill,

    /// <summary>The last committed token and the drafts behind it. Needs the verifier's numerics.</summary>
    Verify,

    /// <summary>One row: the last token. Runs under whatever numerics the step has.</summary>
    Decode,
}
