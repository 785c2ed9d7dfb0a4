namespace Llm42.Cli.Diagnosis;

/// <summary>Whether a thing is there.</summary>
internal enum FindingState
{
    /// <summary>There and good.</summary>
    Found,

    /// <summary>Not there; only some uses need it.</summary>
    Absent,

    /// <summary>Without it nothing runs.</summary>
    Broken,
}

/// <summary>One thing that was looked for.</summary>
/// <param name="Subject">What was looked for.</param>
/// <param name="State">Whether it is there.</param>
/// <param name="Detail">What was found, or what its absence means.</param>
/// <param name="Fix">How to get it; null where there is nothing to mend.</param>
internal sealed record Finding(string Subject, FindingState State, string Detail, string? Fix = null)
{
    public static string Word(FindingState state) => state switch
    {
        FindingState.Found => "found",
        FindingState.Absent => "not found",
        _ => "broken",
    };
}
