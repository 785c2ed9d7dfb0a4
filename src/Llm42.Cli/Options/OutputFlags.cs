using System.CommandLine;

namespace Llm42.Cli.Options;

/// <summary>What is written: the options that every command takes.</summary>
internal sealed class OutputFlags
{
    private readonly Option<bool> _json = Flag.Switch(
        "--json", "Write JSON on standard output, alone; everything else goes to standard error.");

    public void AddTo(Command command) => command.Add(_json);

    public bool IsJson(ParseResult parsed) => parsed.GetValue(_json);
}
