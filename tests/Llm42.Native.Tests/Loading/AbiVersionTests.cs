using System.Diagnostics;
using Llm42.Native.Loading;

namespace Llm42.Native.Tests.Loading;

[TestClass]
public sealed class AbiVersionTests
{
    [TestMethod]
    public void Another_version_is_refused_by_both_names_and_the_file()
    {
        AbiVersion.Check(NativeConstants.AbiVersion, "some/libllm42.so");
        NativeLibraryVersionException failure = Assert.ThrowsExactly<NativeLibraryVersionException>(
            () => AbiVersion.Check(9042, "some/libllm42.so"));
        Assert.Contains("some/libllm42.so", failure.Message);
        Assert.Contains("9042", failure.Message);
        Assert.Contains($"version {NativeConstants.AbiVersion}", failure.Message);
    }

    [TestMethod]
    public void A_library_of_another_version_does_not_load()
    {
        using TemporaryFolder folder = new();
        string file = Compile(folder, "int llm42_abi_version(void) { return 9042; }");
        NativeLibraryVersionException failure =
            Assert.ThrowsExactly<NativeLibraryVersionException>(() => NativeLibraryLoader.Load([file]));
        Assert.Contains(file, failure.Message);
        Assert.Contains("9042", failure.Message);
    }

    [TestMethod]
    public void A_library_without_a_version_is_passed_over_and_named()
    {
        using TemporaryFolder folder = new();
        string file = Compile(folder, "int something_else(void) { return 1; }");
        NativeLibraryNotFoundException failure =
            Assert.ThrowsExactly<NativeLibraryNotFoundException>(() => NativeLibraryLoader.Load([file]));
        Assert.Contains($"{file}: has no function llm42_abi_version", failure.Message);
    }

    [TestMethod]
    public void The_library_in_use_has_the_version_of_the_bindings() =>
        Assert.AreEqual(NativeConstants.AbiVersion, NativeMethods.AbiVersion());

    private static string Compile(TemporaryFolder folder, string source)
    {
        string code = folder.Write("fake.c", source);
        string file = Path.Combine(folder.Path, "libfake.so");
        try
        {
            using Process compiler = Process.Start("cc", ["-shared", "-fPIC", "-o", file, code]);
            compiler.WaitForExit();
            Assert.AreEqual(0, compiler.ExitCode, "cc failed");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Inconclusive("no C compiler 'cc' here");
        }

        return file;
    }
}
