using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>The residual stream behind the last layer.</summary>
/// <param name="Rows">[rows, hidden].</param>
/// <param name="IsGathered">It holds the predicted rows alone, side by side; else all rows of the step.</param>
internal readonly record struct FinalHidden(NativeBuffer Rows, bool IsGathered);
