namespace Llm42.Native.Arguments;

/// <summary>Arguments of <see cref="Operators.Linear"/>: a matrix product with a weight.</summary>
public readonly record struct LinearArguments
{
    /// <inheritdoc cref="LinearParams.Rows"/>
    public required int Rows { get; init; }

    /// <inheritdoc cref="LinearParams.Numerics"/>
    public required Numerics Numerics { get; init; }

    /// <inheritdoc cref="LinearParams.Epilogue"/>
    public Epilogue Epilogue { get; init; }

    /// <inheritdoc cref="LinearParams.OutputDType"/>
    public DType OutputType { get; init; }

    /// <inheritdoc cref="LinearParams.ComputeDType"/>
    public DType ComputeType { get; init; }

    /// <inheritdoc cref="LinearParams.Weight"/>
    public required NativeWeight Weight { get; init; }

    /// <inheritdoc cref="LinearParams.Input"/>
    public required BufferView Input { get; init; }

    /// <inheritdoc cref="LinearParams.InputStride"/>
    public long InputStride { get; init; }

    /// <inheritdoc cref="LinearParams.Bias"/>
    public BufferView Bias { get; init; }

    /// <inheritdoc cref="LinearParams.Residual"/>
    public BufferView Residual { get; init; }

    /// <inheritdoc cref="LinearParams.ResidualStride"/>
    public long ResidualStride { get; init; }

    /// <inheritdoc cref="LinearParams.Output"/>
    public required BufferView Output { get; init; }

    /// <inheritdoc cref="LinearParams.OutputStride"/>
    public long OutputStride { get; init; }
}
