namespace Llm42.Cli.Options;

/// <summary>The command line asks for something that makes no sense: exit status 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
