namespace Llm42.Core.Engine;

/// <summary>How the engine answers deterministic requests. None of these changes a bit of their answers.</summary>
public enum DeterminismMode
{
    /// <summary>Whichever of <see cref="Dvr"/> and <see cref="Invariant"/> is the faster for the load at hand.</summary>
    Auto,

    /// <summary>Decode under fast numerics, verify, roll back.</summary>
    Dvr,

    /// <summary>Decode under invariant numerics: nothing is drafted.</summary>
    Invariant,

    /// <summary>Not at all: they are refused.</summary>
    Off,
}
