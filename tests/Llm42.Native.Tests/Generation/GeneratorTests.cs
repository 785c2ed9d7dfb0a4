using Llm42.Bindings.Generator;
using Llm42.Bindings.Generator.Reading;

namespace Llm42.Native.Tests.Generation;

[TestClass]
public sealed class GeneratorTests
{
    private static string Root
    {
        get
        {
            DirectoryInfo? folder = new(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "native", "include", "llm42", "llm42.h")))
            {
                folder = folder.Parent;
            }

            return folder?.FullName ?? throw new AssertInconclusiveException("the repository is not around this test");
        }
    }

    [TestMethod]
    public void The_committed_bindings_are_those_of_the_headers()
    {
        (int status, string output) = Run("--check", "--root", Root);
        Assert.AreEqual(0, status, output);
    }

    [TestMethod]
    public void A_change_in_a_header_is_seen_with_file_and_line()
    {
        using TemporaryFolder include = CopyHeaders();
        string header = Path.Combine(include.Path, "llm42", "linear.h");
        string text = File.ReadAllText(header);
        string changed = text.Replace("int32_t rows;", "int64_t rows;", StringComparison.Ordinal);
        Assert.AreNotEqual(text, changed);
        File.WriteAllText(header, changed);

        (int status, string output) = Run("--check", "--root", Root, "--include", include.Path);
        Assert.AreEqual(1, status, output);
        Assert.Contains("bindings/Llm42.Native/Generated/Structs.cs:", output);
        Assert.Contains("-     public int Rows;", output);
        Assert.Contains("+     public long Rows;", output);
        Assert.Contains("native/api/layout_checks.c:", output);
        Assert.Contains("./build.sh generate", output);
    }

    [TestMethod]
    public void A_missing_and_a_left_over_file_are_seen()
    {
        using TemporaryFolder root = new();
        root.Write("bindings/Llm42.Native/Generated/Old.cs", "");
        (int status, string output) = Run(
            "--check", "--root", root.Path, "--include", Path.Combine(Root, "native", "include"));
        Assert.AreEqual(1, status, output);
        Assert.Contains("bindings/Llm42.Native/Generated/NativeMethods.cs: missing", output);
        Assert.Contains("bindings/Llm42.Native/Generated/Old.cs: not generated any more", output);
    }

    [TestMethod]
    public void What_is_written_is_found_equal()
    {
        using TemporaryFolder root = new();
        string include = Path.Combine(Root, "native", "include");
        Assert.AreEqual(0, Run("--root", root.Path, "--include", include).Status);
        Assert.AreEqual(0, Run("--check", "--root", root.Path, "--include", include).Status);
    }

    [TestMethod]
    [DataRow("/** F. */\nstruct llm42_odd {\n/** F. */\nint32_t a : 3;\n};", 5, "bit-field")]
    [DataRow("#include <stddef.h>\n/** F. */\nvoid llm42_odd(size_t n);", 4, "size_t")]
    [DataRow("/** F. */\nvoid llm42_odd(unsigned long n);", 3, "unsigned long")]
    [DataRow("/** F. */\nvoid llm42_odd(int n);", 3, "'int'")]
    [DataRow("#include <stdbool.h>\n/** F. */\n_Bool llm42_odd(void);", 4, "_Bool")]
    [DataRow("/** F. */\nvoid llm42_odd(llm42_view v);", 3, "by value")]
    [DataRow("/** F. */\nllm42_view llm42_odd(void);", 3, "by value")]
    [DataRow("/** F. */\nvoid llm42_odd(int32_t n, ...);", 3, "variadic")]
    [DataRow("/** F. */\nvoid llm42_odd(void (*callback)(void));", 3, "(*)")]
    [DataRow("/** F. */\nvoid llm42_odd(int32_t);", 3, "without a name")]
    [DataRow("/** F. */\nunion llm42_odd {\n/** F. */\nint32_t a;\n};", 3, "only named structs")]
    [DataRow("/** F. */\nstruct llm42_odd {\n/** F. */\nllm42_view a[2];\n};", 5, "array")]
    [DataRow("/** F. */\nstruct __attribute__((packed)) llm42_odd {\n/** F. */\nint32_t a;\n};", 3, "PackedAttr")]
    [DataRow("/** F. */\nextern int32_t llm42_odd;", 3, "VarDecl")]
    [DataRow("/** F. */\ntypedef int32_t llm42_odd;", 3, "without 'enum llm42_odd_value'")]
    [DataRow("/** F. */\nenum llm42_odd {\n/** F. */\nLLM42_ODD_A\n};", 3, "does not follow")]
    [DataRow("/** F. */\n#define LLM42_ODD 1.5", 3, "not a decimal integer")]
    [DataRow("\n#define LLM42_ODD 1", 3, "without a comment")]
    [DataRow("\nvoid llm42_odd(void);", 3, "no comment")]
    [DataRow("/** See ::llm42_nothing. */\nvoid llm42_odd(void);", 3, "unknown '::llm42_nothing'")]
    public void What_the_bindings_do_not_know_is_refused_with_header_and_line(string text, int line, string what)
    {
        using TemporaryFolder include = CopyHeaders();
        include.Write("llm42/odd.h", "#include \"llm42/common.h\"\n" + text + "\n");
        string umbrella = Path.Combine(include.Path, "llm42", "llm42.h");
        File.WriteAllText(
            umbrella,
            File.ReadAllText(umbrella).Replace("#endif", "#include \"llm42/odd.h\"\n#endif", StringComparison.Ordinal));

        using TemporaryFolder root = new();
        (int status, string output) = Run("--root", root.Path, "--include", include.Path);
        Assert.AreEqual(2, status, output);
        Assert.Contains($"llm42/odd.h:{line}: ", output);
        Assert.Contains(what, output);
        Assert.IsEmpty(Directory.GetFileSystemEntries(root.Path), "nothing may be written");
    }

    [TestMethod]
    public void A_header_that_is_not_included_is_refused()
    {
        using TemporaryFolder include = CopyHeaders();
        include.Write("llm42/lonely.h", "");
        (int status, string output) = Run("--check", "--root", Root, "--include", include.Path);
        Assert.AreEqual(2, status, output);
        Assert.Contains("does not include \"llm42/lonely.h\"", output);
    }

    [TestMethod]
    public void Unknown_arguments_are_refused()
    {
        (int status, string output) = Run("--chekc");
        Assert.AreEqual(2, status);
        Assert.Contains("--chekc", output);
    }

    private static (int Status, string Output) Run(params string[] arguments)
    {
        if (Clang.Find() is null)
        {
            Assert.Inconclusive("no clang here");
        }

        using StringWriter text = new();
        int status = GeneratorCommand.Run(arguments, text, text);
        return (status, text.ToString());
    }

    private static TemporaryFolder CopyHeaders()
    {
        TemporaryFolder folder = new();
        foreach (string header in Directory.GetFiles(Path.Combine(Root, "native", "include", "llm42"), "*.h"))
        {
            folder.Write($"llm42/{Path.GetFileName(header)}", File.ReadAllText(header));
        }

        return folder;
    }
}
