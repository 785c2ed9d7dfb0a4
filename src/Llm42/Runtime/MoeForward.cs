using Llm42.Core.Profiling;
using Llm42.Models;
using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Runtime;

/// <summary>
/// The feed-forward part of a layer with experts: each row goes to its top-k experts, and what they say is added in the
/// order of their rank. A row's bits do not depend on where other rows go.
/// </summary>
internal sealed class MoeForward(
    MoeConfig moe, int hiddenSize, MoeActivations activations, NativeStream stream, OperatorProfile? profile, int elementSize)
{
    /// <summary>Launches it.</summary>
    /// <param name="rows">Rows of the step.</param>
    /// <param name="shape">Numerics and weights of the step.</param>
    /// <param name="weights">The layer's.</param>
    /// <param name="input">[rows, hidden]: the normed hidden state.</param>
    /// <param name="residual">[rows, hidden]: what is added to.</param>
    public void Launch(int rows, StepShape shape, MoeWeights weights, NativeBuffer input, NativeBuffer residual)
    {
        profile?.Begin();
        Operators.Linear(stream, new LinearArguments
        {
            Rows = rows,
            Numerics = shape.Numerics,
            OutputType = DType.F32,
            Weight = weights.Router.Matrix.Weight,
            Input = input,
            Bias = weights.Router.Bias,
            Output = activations.Logits,
        });
        profile?.EndLinear(StepPart.MoeRouter, weights.Router.Matrix.Weight, rows, moe.Experts, sizeof(float));
        profile?.Begin();
        Operators.MoeRoute(stream, new MoeRouteArguments
        {
            Rows = rows,
            Experts = moe.Experts,
            TopK = moe.TopK,
            Renormalize = moe.IsRenormalized,
            Logits = activations.Logits,
            ExpertIds = activations.ExpertIds,
            ExpertWeights = activations.ExpertWeights,
        });
        profile?.End(StepPart.MoeRoute);
        profile?.Begin();
        Operators.MoePermute(stream, new MoePermuteArguments
        {
            Rows = rows,
            Experts = moe.Experts,
            TopK = moe.TopK,
            ExpertIds = activations.ExpertIds,
            Starts = activations.Starts,
            Order = activations.Order,
        });
        profile?.End(StepPart.MoePermute);
        Product(StepPart.MoeGateUp, rows, moe.TopK, shape, weights.GateUp, input, activations.Gated, Epilogue.SwiGlu);
        Product(StepPart.MoeDown, rows, 1, shape, weights.Down, activations.Gated, activations.Output, Epilogue.None);
        profile?.Begin();
        Operators.MoeCombine(stream, new MoeCombineArguments
        {
            Rows = rows,
            TopK = moe.TopK,
            Width = hiddenSize,
            ExpertWeights = activations.ExpertWeights,
            Input = activations.Output,
            Residual = residual,
            Output = residual,
        });
        profile?.End(StepPart.MoeCombine);
    }

    private void Product(
        StepPart part, int rows, int slotsPerRow, StepShape shape, MatrixWeights matrices, NativeBuffer input, NativeBuffer output,
        Epilogue epilogue)
    {
        var weight = matrices.For(shape.IsDraft);
        profile?.Begin();
        if (moe.Experts == 1)
        {
            // Every slot is a row, and a weight of one matrix is for the ordinary product.
            Operators.Linear(stream, new LinearArguments
            {
                Rows = rows,
                Numerics = shape.Numerics,
                Epilogue = epilogue,
                ComputeType = MatrixWeights.ComputeTypeOf(weight),
                Weight = weight,
                Input = input,
                Output = output,
            });
            profile?.EndLinear(part, weight, rows, part == StepPart.MoeDown ? hiddenSize : moe.IntermediateSize, elementSize);
            return;
        }
        Operators.GroupedLinear(stream, new GroupedLinearArguments
        {
            Slots = rows * moe.TopK,
            SlotsPerRow = slotsPerRow,
            Numerics = shape.Numerics,
            Epilogue = epilogue,
            ComputeType = MatrixWeights.ComputeTypeOf(weight),
            Weight = weight,
            Starts = activations.Starts,
            Order = activations.Order,
            Input = input,
            Output = output,
        });
        profile?.EndExperts(part, weight, rows * moe.TopK);
    }
}
