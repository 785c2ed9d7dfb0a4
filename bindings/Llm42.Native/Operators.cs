using Llm42.Native.Arguments;

namespace Llm42.Native;

/// <summary>
/// The operators. Each call enqueues work and does not wait for it; it allocates nothing, and throws
/// <see cref="NativeException"/> where the library refuses an argument.
/// </summary>
public static unsafe class Operators
{
    /// <inheritdoc cref="NativeMethods.Linear"/>
    public static void Linear(NativeStream stream, in LinearArguments arguments)
    {
        LinearParams native = new()
        {
            StructSize = (uint)sizeof(LinearParams),
            Rows = arguments.Rows,
            Numerics = arguments.Numerics,
            Epilogue = arguments.Epilogue,
            OutputDType = arguments.OutputType,
            ComputeDType = arguments.ComputeType,
            Weight = arguments.Weight.Pointer,
            Input = arguments.Input.Native,
            InputStride = arguments.InputStride,
            Bias = arguments.Bias.Native,
            Residual = arguments.Residual.Native,
            ResidualStride = arguments.ResidualStride,
            Output = arguments.Output.Native,
            OutputStride = arguments.OutputStride,
        };
        NativeException.ThrowIfFailed(NativeMethods.Linear(stream.Pointer, &native));
    }

    /// <inheritdoc cref="NativeMethods.RmsNorm"/>
    public static void RmsNorm(NativeStream stream, in RmsNormArguments arguments)
    {
        RmsNormParams native = new()
        {
            StructSize = (uint)sizeof(RmsNormParams),
            Rows = arguments.Rows,
            Groups = arguments.Groups,
            Width = arguments.Width,
            Numerics = arguments.Numerics,
            Epsilon = arguments.Epsilon,
            Input = arguments.Input.Native,
            InputStride = arguments.InputStride,
            Residual = arguments.Residual.Native,
            Weight = arguments.Weight.Native,
            Output = arguments.Output.Native,
            OutputStride = arguments.OutputStride,
        };
        NativeException.ThrowIfFailed(NativeMethods.RmsNorm(stream.Pointer, &native));
    }

    /// <inheritdoc cref="NativeMethods.RopeWriteKv"/>
    public static void RopeWriteKv(NativeStream stream, in RopeWriteKvArguments arguments)
    {
        RopeWriteKvParams native = new()
        {
            StructSize = (uint)sizeof(RopeWriteKvParams),
            Rows = arguments.Rows,
            QueryHeads = arguments.QueryHeads,
            RotarySize = arguments.RotarySize,
            TablePositions = arguments.TablePositions,
            Layer = arguments.Layer,
            Cache = arguments.Cache.Pointer,
            Qkv = arguments.Qkv.Native,
            QkvStride = arguments.QkvStride,
            Positions = arguments.Positions.Native,
            Slots = arguments.Slots.Native,
            Table = arguments.Table.Native,
        };
        NativeException.ThrowIfFailed(NativeMethods.RopeWriteKv(stream.Pointer, &native));
    }

    /// <inheritdoc cref="NativeMethods.Embedding"/>
    public static void Embedding(NativeStream stream, in EmbeddingArguments arguments)
    {
        EmbeddingParams native = new()
        {
            StructSize = (uint)sizeof(EmbeddingParams),
            Rows = arguments.Rows,
            Table = arguments.Table.Pointer,
            Ids = arguments.Ids.Native,
            Output = arguments.Output.Native,
        };
        NativeException.ThrowIfFailed(NativeMethods.Embedding(stream.Pointer, &native));
    }

    /// <inheritdoc cref="NativeMethods.GatherRows"/>
    public static void GatherRows(NativeStream stream, in GatherRowsArguments arguments)
    {
        GatherRowsParams native = new()
        {
            StructSize = (uint)sizeof(GatherRowsParams),
            Rows = arguments.Rows,
            InputRows = arguments.InputRows,
            Width = arguments.Width,
            Indices = arguments.Indices.Native,
            Input = arguments.Input.Native,
            Output = arguments.Output.Native,
        };
        NativeException.ThrowIfFailed(NativeMethods.GatherRows(stream.Pointer, &native));
    }

    /// <inheritdoc cref="NativeMethods.Attention"/>
    public static void Attention(NativeStream stream, in AttentionArguments arguments)
    {
        AttentionParams native = new()
        {
            StructSize = (uint)sizeof(AttentionParams),
            Rows = arguments.Rows,
            Sequences = arguments.Sequences,
            QueryHeads = arguments.QueryHeads,
            Layer = arguments.Layer,
            Numerics = arguments.Numerics,
            MaxBlocks = arguments.MaxBlocks,
            Window = arguments.Window,
            Scale = arguments.Scale,
            Cache = arguments.Cache.Pointer,
            Query = arguments.Query.Native,
            QueryStride = arguments.QueryStride,
            SequenceStarts = arguments.SequenceStarts.Native,
            Positions = arguments.Positions.Native,
            BlockTables = arguments.BlockTables.Native,
            Output = arguments.Output.Native,
            OutputStride = arguments.OutputStride,
        };
        NativeException.ThrowIfFailed(NativeMethods.Attention(stream.Pointer, &native));
    }

    /// <inheritdoc cref="NativeMethods.Sample"/>
    public static void Sample(NativeStream stream, in SampleArguments arguments)
    {
        SampleParams native = new()
        {
            StructSize = (uint)sizeof(SampleParams),
            Rows = arguments.Rows,
            Vocabulary = arguments.Vocabulary,
            Logits = arguments.Logits.Native,
            LogitsStride = arguments.LogitsStride,
            Sampling = arguments.Sampling.Native,
            Ids = arguments.Ids.Native,
            Margins = arguments.Margins.Native,
            AdjustmentStarts = arguments.AdjustmentStarts.Native,
            Adjustments = arguments.Adjustments.Native,
            AdjustmentCount = arguments.AdjustmentCount,
            MaskIndices = arguments.MaskIndices.Native,
            Masks = arguments.Masks.Native,
            MaskCount = arguments.MaskCount,
        };
        NativeException.ThrowIfFailed(NativeMethods.Sample(stream.Pointer, &native));
    }

    /// <inheritdoc cref="NativeMethods.LogSoftmax"/>
    public static void LogSoftmax(NativeStream stream, in LogSoftmaxArguments arguments)
    {
        LogSoftmaxParams native = new()
        {
            StructSize = (uint)sizeof(LogSoftmaxParams),
            Rows = arguments.Rows,
            Vocabulary = arguments.Vocabulary,
            Logits = arguments.Logits.Native,
            LogitsStride = arguments.LogitsStride,
            Output = arguments.Output.Native,
        };
        NativeException.ThrowIfFailed(NativeMethods.LogSoftmax(stream.Pointer, &native));
    }

    /// <inheritdoc cref="NativeMethods.TopLogprobs"/>
    public static void TopLogprobs(NativeStream stream, in TopLogprobsArguments arguments)
    {
        TopLogprobsParams native = new()
        {
            StructSize = (uint)sizeof(TopLogprobsParams),
            Rows = arguments.Rows,
            Vocabulary = arguments.Vocabulary,
            Count = arguments.Count,
            Logits = arguments.Logits.Native,
            LogitsStride = arguments.LogitsStride,
            ChosenIds = arguments.ChosenIds.Native,
            ChosenLogprobs = arguments.ChosenLogprobs.Native,
            TopIds = arguments.TopIds.Native,
            TopLogprobs = arguments.TopLogprobs.Native,
        };
        NativeException.ThrowIfFailed(NativeMethods.TopLogprobs(stream.Pointer, &native));
    }

    /// <inheritdoc cref="NativeMethods.FirstMismatch"/>
    public static void FirstMismatch(NativeStream stream, in FirstMismatchArguments arguments)
    {
        FirstMismatchParams native = new()
        {
            StructSize = (uint)sizeof(FirstMismatchParams),
            Windows = arguments.Windows,
            DraftCount = arguments.DraftCount,
            Starts = arguments.Starts.Native,
            Drafts = arguments.Drafts.Native,
            Predictions = arguments.Predictions.Native,
            Accepted = arguments.Accepted.Native,
        };
        NativeException.ThrowIfFailed(NativeMethods.FirstMismatch(stream.Pointer, &native));
    }

    /// <inheritdoc cref="NativeMethods.MoeRoute"/>
    public static void MoeRoute(NativeStream stream, in MoeRouteArguments arguments)
    {
        MoeRouteParams native = new()
        {
            StructSize = (uint)sizeof(MoeRouteParams),
            Rows = arguments.Rows,
            Experts = arguments.Experts,
            TopK = arguments.TopK,
            Renormalize = arguments.Renormalize ? 1 : 0,
            Logits = arguments.Logits.Native,
            LogitsStride = arguments.LogitsStride,
            ExpertIds = arguments.ExpertIds.Native,
            ExpertWeights = arguments.ExpertWeights.Native,
        };
        NativeException.ThrowIfFailed(NativeMethods.MoeRoute(stream.Pointer, &native));
    }

    /// <inheritdoc cref="NativeMethods.MoePermute"/>
    public static void MoePermute(NativeStream stream, in MoePermuteArguments arguments)
    {
        MoePermuteParams native = new()
        {
            StructSize = (uint)sizeof(MoePermuteParams),
            Rows = arguments.Rows,
            Experts = arguments.Experts,
            TopK = arguments.TopK,
            ExpertIds = arguments.ExpertIds.Native,
            Starts = arguments.Starts.Native,
            Order = arguments.Order.Native,
        };
        NativeException.ThrowIfFailed(NativeMethods.MoePermute(stream.Pointer, &native));
    }

    /// <inheritdoc cref="NativeMethods.GroupedLinear"/>
    public static void GroupedLinear(NativeStream stream, in GroupedLinearArguments arguments)
    {
        GroupedLinearParams native = new()
        {
            StructSize = (uint)sizeof(GroupedLinearParams),
            Slots = arguments.Slots,
            SlotsPerRow = arguments.SlotsPerRow,
            Numerics = arguments.Numerics,
            Epilogue = arguments.Epilogue,
            ComputeDType = arguments.ComputeType,
            Weight = arguments.Weight.Pointer,
            Starts = arguments.Starts.Native,
            Order = arguments.Order.Native,
            Input = arguments.Input.Native,
            InputStride = arguments.InputStride,
            Output = arguments.Output.Native,
            OutputStride = arguments.OutputStride,
        };
        NativeException.ThrowIfFailed(NativeMethods.GroupedLinear(stream.Pointer, &native));
    }

    /// <inheritdoc cref="NativeMethods.MoeCombine"/>
    public static void MoeCombine(NativeStream stream, in MoeCombineArguments arguments)
    {
        MoeCombineParams native = new()
        {
            StructSize = (uint)sizeof(MoeCombineParams),
            Rows = arguments.Rows,
            TopK = arguments.TopK,
            Width = arguments.Width,
            ExpertWeights = arguments.ExpertWeights.Native,
            Input = arguments.Input.Native,
            InputStride = arguments.InputStride,
            Residual = arguments.Residual.Native,
            ResidualStride = arguments.ResidualStride,
            Output = arguments.Output.Native,
            OutputStride = arguments.OutputStride,
        };
        NativeException.ThrowIfFailed(NativeMethods.MoeCombine(stream.Pointer, &native));
    }
}
