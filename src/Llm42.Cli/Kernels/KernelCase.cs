using Llm42.Native;

namespace Llm42.Cli.Kernels;

/// <summary>One operator at one shape.</summary>
/// <param name="Operator">Its name, such as "linear.qkv".</param>
/// <param name="Models">The models that call it so.</param>
/// <param name="Shape">The sizes.</param>
internal sealed record KernelCase(string Operator, IReadOnlyList<string> Models, KernelShape Shape)
{
    private const int Bf16 = 2;

    /// <summary>Whether fast numerics may differ from invariant ones.</summary>
    public bool HasNumerics => IsLinear || IsGrouped || IsAttention || Operator == KernelOperator.RmsNorm;

    /// <summary>A matrix product with a weight.</summary>
    public bool IsLinear => Operator.StartsWith("linear.", StringComparison.Ordinal);

    /// <summary>Matrix products of experts with their rows.</summary>
    public bool IsGrouped => Operator is KernelOperator.MoeGateUp or KernelOperator.MoeDown;

    /// <summary>Attention over the paged cache.</summary>
    public bool IsAttention => Operator.StartsWith("attention.", StringComparison.Ordinal);

    /// <summary>What follows the product of a linear layer.</summary>
    public Epilogue Epilogue => Operator switch
    {
        KernelOperator.LinearGateUp or KernelOperator.MoeGateUp => Epilogue.SwiGlu,
        KernelOperator.LinearOutput or KernelOperator.LinearDown => Epilogue.Residual,
        _ => Epilogue.None,
    };

    private long Rows => Shape.Rows ?? 1;

    /// <summary>Visits of rows to experts.</summary>
    private long Slots => Rows * (Shape.TopK ?? 0);

    /// <summary>Floating-point operations of the matrix products; 0 where there are none.</summary>
    public double Flops
    {
        get
        {
            if (IsLinear)
                return 2.0 * Rows * Shape.N!.Value * Shape.K!.Value;
            if (IsGrouped)
                return 2.0 * Slots * Shape.N!.Value * Shape.K!.Value;
            if (!IsAttention)
                return 0;
            double rowsEach = (double)Rows / Shape.Sequences!.Value;
            double seen = Rows * (Shape.Context!.Value - rowsEach + ((rowsEach + 1) / 2));
            return 4.0 * Shape.QueryHeads!.Value * Shape.HeadSize!.Value * seen;
        }
    }

    /// <summary>Bytes that must be read and written at least, each once.</summary>
    /// <param name="activation">Bytes of an activation: 2 on cuda, 4 on cpu.</param>
    public double Bytes(int activation)
    {
        double rows = Rows;
        if (IsLinear)
        {
            double n = Shape.N!.Value;
            double output = Operator switch
            {
                KernelOperator.LinearHead => n * sizeof(float),
                KernelOperator.LinearGateUp => n / 2 * activation,
                KernelOperator.LinearQkv => n * activation,
                _ => 2 * n * activation,
            };
            return (n * Shape.K!.Value * Bf16) + (rows * ((Shape.K.Value * (double)activation) + output));
        }

        if (IsGrouped)
        {
            // As many experts as there are visits, until all are visited.
            double weights = Math.Min(Slots, Shape.Experts!.Value) * (double)Shape.N!.Value * Shape.K!.Value * Bf16;
            (double inputs, double outputs) = Operator == KernelOperator.MoeGateUp ? (rows, Shape.N.Value / 2.0) : (Slots, Shape.N.Value);
            return weights + (((inputs * Shape.K.Value) + (Slots * outputs)) * activation);
        }

        double heads = (Shape.QueryHeads ?? 0) * (double)(Shape.HeadSize ?? 0);
        double keysAndValues = 2.0 * (Shape.KvHeads ?? 0) * (Shape.HeadSize ?? 0) * Bf16;
        return Operator switch
        {
            KernelOperator.AttentionDecode or KernelOperator.AttentionPrefill =>
                (Shape.Sequences!.Value * (double)Shape.Context!.Value * keysAndValues) + (2 * rows * heads * activation),
            KernelOperator.RmsNorm => (2 * rows * Shape.Width!.Value * activation) + (Shape.Width.Value * sizeof(float)),
            KernelOperator.RopeWriteKv => rows * ((2 * heads * activation) + (keysAndValues / Bf16 * activation) + keysAndValues),
            KernelOperator.MoeRoute => (rows * Shape.Experts!.Value * sizeof(float)) + (Slots * 2.0 * sizeof(int)),
            KernelOperator.MoePermute => (2.0 * Slots * sizeof(int)) + (Shape.Experts!.Value * sizeof(int)),
            KernelOperator.MoeCombine => ((Slots + (2 * rows)) * Shape.Width!.Value * activation) + (Slots * sizeof(float)),
            KernelOperator.CopyPage => 2.0 * Shape.Layers!.Value * Shape.PageSize!.Value * keysAndValues,
            _ => rows * Shape.Vocabulary!.Value * sizeof(float),
        };
    }
}
