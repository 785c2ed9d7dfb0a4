using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Reading;

/// <summary>The C compiler that parses the headers.</summary>
public static class Clang
{
    private static readonly string[] Candidates = ["clang", "clang-14", "clang-16", "clang-19"];

    /// <summary>Name of a clang that runs here (environment variable CLANG first), or null.</summary>
    public static string? Find()
    {
        string? chosen = Environment.GetEnvironmentVariable("CLANG");
        string[] candidates = string.IsNullOrEmpty(chosen) ? Candidates : [chosen];
        return Array.Find(candidates, Runs);
    }

    /// <summary>Parses a header and returns clang's syntax tree.</summary>
    public static JsonDocument Parse(string clang, string includeFolder, string header)
    {
        ProcessStartInfo start = new(clang)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in (string[])[
            "-x", "c", "-Xclang", "-ast-dump=json", "-fsyntax-only", "-fparse-all-comments",
            "-I", includeFolder, header])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start) ?? throw new BindingException($"cannot start '{clang}'");
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using MemoryStream output = new();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new BindingException($"{clang} refused {header}:\n{errors.Result}");
        }

        output.Position = 0;
        return JsonDocument.Parse(output, new JsonDocumentOptions { MaxDepth = 512 });
    }

    private static bool Runs(string clang)
    {
        try
        {
            ProcessStartInfo start = new(clang, "--version")
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            };
            using Process? process = Process.Start(start);
            process?.StandardOutput.ReadToEnd();
            process?.WaitForExit();
            return process?.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
