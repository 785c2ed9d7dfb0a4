using Llm42.Core.Scheduling;

namespace Llm42.Core.Execution;

/// <summary>
/// The narrow waist between policy and numerics: runs what the plan says and decides nothing. Called from one
/// thread at a time.
/// </summary>
public interface IModelExecutor : IDisposable
{
    /// <summary>Sizes and properties, constant for the executor's life.</summary>
    ExecutorInfo Info { get; }

    /// <summary>
    /// Runs the rows of every segment through the model: writes their keys and values, predicts behind the rows that
    /// the plan asks for. The result is valid until the next call, for which it may use the same memory.
    /// </summary>
    StepResult Execute(BatchPlan plan);

    /// <summary>Copies a KV page over another one in every layer.</summary>
    void CopyPage(int source, int destination);
}
