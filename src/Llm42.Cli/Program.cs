using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Llm42.Cli.Commands;
using Llm42.Cli.Options;
using Llm42.Cli.Output;

var root = new Command("llm42", "Llm42: LLM inference whose answers can be made bitwise reproducible, request by request.")
{
    ServeCommand.Create(),
    GenerateCommand.Create(),
    ReplayCommand.Create(),
    ScoreCommand.Create(),
    TokenizeCommand.Create(),
    RenderCommand.Create(),
    CheckCommand.Create(),
    CheckCommand.CreateDemo(),
    InfoCommand.Create(),
    DoctorCommand.Create(),
    BenchCommand.Create(),
    CommandGuard.Verbose,
    new HelpOption(),
    new VersionOption(),
};

string[] arguments = args.Length == 0 ? ["--help"] : args;
ParseResult parsed = root.Parse(arguments);
OptionSources? sources;
try
{
    sources = OptionSources.Read(parsed, OptionSources.ProcessEnvironment);
}
catch (UsageException error)
{
    return await RefuseAsync(parsed, error.Message, "").ConfigureAwait(false);
}

if (sources is not null)
{
    parsed = root.Parse(sources.Complete(arguments));
    foreach (string warning in sources.Warnings)
        await Console.Error.WriteLineAsync($"llm42 {CommandGuard.NameOf(parsed.CommandResult.Command)}: {warning}").ConfigureAwait(false);
}

if (parsed.Errors is [ParseError first, ..])
{
    string message = parsed.UnmatchedTokens is [string unknown, ..]
        ? $"'{unknown}' is neither a command nor an option here."
        : (sources?.Describe(first) ?? first.Message).ReplaceLineEndings(" ");
    return await RefuseAsync(parsed, message, $" See `llm42{NameOf(parsed)} --help`.").ConfigureAwait(false);
}

return await parsed.InvokeAsync(new InvocationConfiguration
{
    EnableDefaultExceptionHandler = false,

    // A server takes signals itself: it needs longer than others to end.
    ProcessTerminationTimeout = CommandGuard.NameOf(parsed.CommandResult.Command) == ServeCommand.Name ? null : TimeSpan.FromSeconds(2),
}).ConfigureAwait(false);

async Task<int> RefuseAsync(ParseResult refused, string message, string help)
{
    await Console.Error.WriteLineAsync($"llm42{NameOf(refused)}: {message}{help}").ConfigureAwait(false);
    return CommandGuard.Usage;
}

string NameOf(ParseResult named) =>
    named.CommandResult.Command == root ? "" : " " + CommandGuard.NameOf(named.CommandResult.Command);
