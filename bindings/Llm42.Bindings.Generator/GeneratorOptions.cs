using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator;

/// <summary>Arguments of the command.</summary>
/// <param name="Check">Compare instead of writing.</param>
/// <param name="Root">Root of the repository, where the files go.</param>
/// <param name="IncludeFolder">Folder that holds llm42/llm42.h.</param>
public sealed record GeneratorOptions(bool Check, string Root, string IncludeFolder)
{
    /// <summary>Reads `[--check] [--root FOLDER] [--include FOLDER]`.</summary>
    public static GeneratorOptions Parse(string[] arguments)
    {
        bool check = false;
        string? root = null;
        string? include = null;
        for (int i = 0; i < arguments.Length; ++i)
        {
            switch (arguments[i])
            {
                case "--check":
                    check = true;
                    break;
                case "--root" when i + 1 < arguments.Length:
                    root = arguments[++i];
                    break;
                case "--include" when i + 1 < arguments.Length:
                    include = arguments[++i];
                    break;
                default:
                    throw new BindingException(
                        $"unknown argument '{arguments[i]}'; usage: [--check] [--root FOLDER] [--include FOLDER]");
            }
        }

        root ??= FindRoot(AppContext.BaseDirectory) ?? FindRoot(Environment.CurrentDirectory)
            ?? throw new BindingException("cannot find the repository; name it with --root");
        return new GeneratorOptions(check, root, include ?? Path.Combine(root, "native", "include"));
    }

    private static string? FindRoot(string start)
    {
        for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "native", "include", "llm42", "llm42.h")))
            {
                return folder.FullName;
            }
        }

        return null;
    }
}
