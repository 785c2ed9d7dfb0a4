using Llm42.Bindings.Generator.Model;
using Llm42.Bindings.Generator.Reading;
using Llm42.Bindings.Generator.Writing;

namespace Llm42.Bindings.Generator;

/// <summary>The command: write the bindings, or compare them with what is there.</summary>
public static class GeneratorCommand
{
    /// <summary>Runs it. 0: done; 1: the committed files differ; 2: the bindings cannot be generated.</summary>
    public static int Run(string[] arguments, TextWriter output, TextWriter errors)
    {
        try
        {
            GeneratorOptions options = GeneratorOptions.Parse(arguments);
            string clang = Clang.Find() ?? throw new BindingException(
                "no clang found; install it (Debian: apt-get install clang) or name one in the environment variable CLANG");
            IReadOnlyList<GeneratedFile> files = BindingsWriter.Write(HeaderReader.Read(clang, options.IncludeFolder));
            return options.Check ? Check(files, options.Root, output, errors) : Write(files, options.Root, output);
        }
        catch (Exception failure) when (failure is BindingException or IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"error: {failure.Message}");
            return 2;
        }
    }

    private static int Write(IReadOnlyList<GeneratedFile> files, string root, TextWriter output)
    {
        foreach (GeneratedFile file in files.Where(file => file.Difference(root) is not null))
        {
            string path = Path.Combine(root, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, file.Text);
            output.WriteLine($"wrote {file.Path}");
        }

        return 0;
    }

    private static int Check(IReadOnlyList<GeneratedFile> files, string root, TextWriter output, TextWriter errors)
    {
        string[] differences = [.. files.Select(file => file.Difference(root)).OfType<string>(), .. Leftovers(files, root)];
        foreach (string difference in differences)
        {
            errors.WriteLine(difference);
        }

        if (differences.Length > 0)
        {
            errors.WriteLine("The generated bindings are not those of the headers; run ./build.sh generate and commit the result.");
            return 1;
        }

        output.WriteLine($"{files.Count} generated files are up to date");
        return 0;
    }

    private static IEnumerable<string> Leftovers(IReadOnlyList<GeneratedFile> files, string root)
    {
        string folder = Path.Combine(root, BindingsWriter.Folder);
        return Directory.Exists(folder)
            ? Directory.GetFiles(folder)
                .Select(path => $"{BindingsWriter.Folder}/{Path.GetFileName(path)}")
                .Where(path => !files.Any(file => file.Path == path))
                .Select(path => $"{path}: not generated any more, delete it")
            : [];
    }
}
