using System.CommandLine;
using Llm42.Cli.Diagnosis;
using Llm42.Cli.Json;
using Llm42.Cli.Options;
using Llm42.Cli.Output;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 doctor`: what was found, what is missing, how to mend it.</summary>
internal sealed class DoctorCommand
{
    private readonly OutputFlags _output = new();

    public static Command Create()
    {
        var self = new DoctorCommand();
        var command = new Command("doctor", "What was found, what is missing, how to mend it. Fails only where nothing could run.");
        self._output.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        IReadOnlyList<Finding> findings = Doctor.Examine();
        DoctorJson json = DoctorJson.Of(findings);
        if (_output.IsJson(parsed))
        {
            StandardOutput.WriteJson(json, CliJsonContext.Standard.DoctorJson);
        }
        else
        {
            foreach (Finding finding in findings)
            {
                StandardOutput.WriteLine($"{finding.Subject,-16}{Finding.Word(finding.State),-11}{finding.Detail}");
                if (finding.Fix is not null)
                    StandardOutput.WriteLine($"{"",-27}to mend it: {finding.Fix}");
            }
        }

        return Task.FromResult(json.Ok ? CommandGuard.Success : CommandGuard.Failure);
    }
}
