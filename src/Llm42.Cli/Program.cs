using System.CommandLine;
using System.CommandLine.Help;
using Llm42.Cli.Commands;
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

ParseResult parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
if (parsed.Errors.Count > 0)
{
    string command = parsed.CommandResult.Command == root ? "" : " " + CommandGuard.NameOf(parsed.CommandResult.Command);
    string message = parsed.UnmatchedTokens is [string unknown, ..]
        ? $"'{unknown}' is neither a command nor an option here."
        : parsed.Errors[0].Message.ReplaceLineEndings(" ");
    await Console.Error.WriteLineAsync($"llm42{command}: {message} See `llm42{command} --help`.").ConfigureAwait(false);
    return CommandGuard.Usage;
}

return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }).ConfigureAwait(false);
