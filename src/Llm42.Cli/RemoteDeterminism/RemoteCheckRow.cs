using Llm42.Cli.Determinism;
using Llm42.Cli.Remote;

namespace Llm42.Cli.RemoteDeterminism;

/// <summary>Many answers of a server to one prompt at one temperature.</summary>
/// <param name="Prompt">Number of the prompt, from 0.</param>
/// <param name="Row">Its answers.</param>
/// <param name="Runs">How many were asked for.</param>
/// <param name="Errors">The runs that have none.</param>
internal sealed record RemoteCheckRow(int Prompt, CheckRow Row, int Runs, IReadOnlyList<RunError> Errors);

/// <summary>A run without an answer.</summary>
internal sealed record RunError(int Run, RemoteError Error);
