using System.Diagnostics;

namespace Llm42.Cli.Diagnosis;

/// <summary>Finds programs on the PATH and asks for their versions.</summary>
internal static class ToolFinder
{
    /// <summary>The first of the names that is there, with the first line of its --version.</summary>
    public static Finding Find(string subject, string purpose, string fix, params string[] names)
    {
        foreach (string name in names)
        {
            if (PathOf(name) is { } path)
                return new Finding(subject, FindingState.Found, $"{path}: {FirstLineOfVersion(path)}");
        }

        return new Finding(subject, FindingState.Absent, $"needed only {purpose}", fix);
    }

    public static string? PathOf(string name)
    {
        string[] extensions = OperatingSystem.IsWindows() ? [".exe", ".cmd"] : [""];
        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        return path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => extensions.Select(extension => Path.Combine(folder, name + extension)))
            .FirstOrDefault(File.Exists);
    }

    private static string FirstLineOfVersion(string path)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(path, "--version")
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
            })!;
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginErrorReadLine();
            string? line = process.StandardOutput.ReadLine();
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return line ?? "says no version";
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or IOException)
        {
            return $"cannot be run: {error.Message}";
        }
    }
}
