namespace Llm42.Native.Arguments;

/// <summary>Arguments of <see cref="Operators.FirstMismatch"/>: a comparison of drafts with canonical predictions.</summary>
public readonly record struct FirstMismatchArguments
{
    /// <inheritdoc cref="FirstMismatchParams.Windows"/>
    public required int Windows { get; init; }

    /// <inheritdoc cref="FirstMismatchParams.DraftCount"/>
    public required int DraftCount { get; init; }

    /// <inheritdoc cref="FirstMismatchParams.Starts"/>
    public required BufferView Starts { get; init; }

    /// <inheritdoc cref="FirstMismatchParams.Drafts"/>
    public required BufferView Drafts { get; init; }

    /// <inheritdoc cref="FirstMismatchParams.Predictions"/>
    public required BufferView Predictions { get; init; }

    /// <inheritdoc cref="FirstMismatchParams.Accepted"/>
    public required BufferView Accepted { get; init; }
}
