namespace Llm42.Cli.Machine;

/// <summary>What the machine can do at most, as far as this run saw.</summary>
/// <param name="Measured">All that was measured.</param>
internal sealed record Ceilings(IReadOnlyList<Ceiling> Measured)
{
    /// <summary>Bytes per second; null if none was measured.</summary>
    public Ceiling? Memory => Best(CeilingKind.Memory);

    /// <summary>Floating-point operations per second; null if none was measured.</summary>
    public Ceiling? Compute => Best(CeilingKind.Compute);

    /// <summary>Operations of int8 per second; null if none was measured.</summary>
    public Ceiling? Int8 => Best(CeilingKind.Int8);

    /// <summary>The seconds that so many bytes and operations take at least, and which of the two takes them.</summary>
    public (double Seconds, CeilingKind Bound)? LeastSeconds(double bytes, double flops)
    {
        if (Memory is not { } memory || (flops > 0 && Compute is null))
            return null;
        double moving = bytes / memory.PerSecond;
        double computing = flops > 0 ? flops / Compute!.PerSecond : 0;
        return moving >= computing ? (moving, CeilingKind.Memory) : (computing, CeilingKind.Compute);
    }

    private Ceiling? Best(CeilingKind kind) => Measured.Where(ceiling => ceiling.Kind == kind).MaxBy(ceiling => ceiling.PerSecond);
}

/// <summary>What is limited.</summary>
internal enum CeilingKind
{
    /// <summary>Bytes moved to and from memory.</summary>
    Memory,

    /// <summary>Multiplications and additions of floating-point numbers.</summary>
    Compute,

    /// <summary>Multiplications of int8 and additions of 32-bit integers.</summary>
    Int8,
}

/// <summary>One ceiling.</summary>
/// <param name="Kind">What is limited.</param>
/// <param name="MeasuredBy">How it was measured.</param>
/// <param name="PerSecond">Bytes or operations per second, the best of several runs.</param>
/// <param name="Threads">Threads of the processor that worked; 0 on another device.</param>
internal sealed record Ceiling(CeilingKind Kind, string MeasuredBy, double PerSecond, int Threads = 0);
