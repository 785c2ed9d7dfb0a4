namespace Llm42.Native.Arguments;

/// <summary>Arguments of <see cref="Operators.GroupedLinear"/>: products of slots with the matrices of their experts.</summary>
public readonly record struct GroupedLinearArguments
{
    /// <inheritdoc cref="GroupedLinearParams.Slots"/>
    public required int Slots { get; init; }

    /// <inheritdoc cref="GroupedLinearParams.SlotsPerRow"/>
    public required int SlotsPerRow { get; init; }

    /// <inheritdoc cref="GroupedLinearParams.Numerics"/>
    public required Numerics Numerics { get; init; }

    /// <inheritdoc cref="GroupedLinearParams.Epilogue"/>
    public Epilogue Epilogue { get; init; }

    /// <inheritdoc cref="GroupedLinearParams.ComputeDType"/>
    public DType ComputeType { get; init; }

    /// <inheritdoc cref="GroupedLinearParams.Weight"/>
    public required NativeWeight Weight { get; init; }

    /// <inheritdoc cref="GroupedLinearParams.Starts"/>
    public required BufferView Starts { get; init; }

    /// <inheritdoc cref="GroupedLinearParams.Order"/>
    public required BufferView Order { get; init; }

    /// <inheritdoc cref="GroupedLinearParams.Input"/>
    public required BufferView Input { get; init; }

    /// <inheritdoc cref="GroupedLinearParams.InputStride"/>
    public long InputStride { get; init; }

    /// <inheritdoc cref="GroupedLinearParams.Output"/>
    public required BufferView Output { get; init; }

    /// <inheritdoc cref="GroupedLinearParams.OutputStride"/>
    public long OutputStride { get; init; }
}
