using Gpu.Cli;

namespace Gpu.Tests.Cli;

/// <summary>A usage error gives exit code 2, nothing on standard output, and a message that says what was expected and what was found.</summary>
public class UsageErrorTests
{
    [Theory]
    [InlineData("", "needs a command: train, eval")]
    [InlineData("trian", "Unknown command 'trian'. Did you mean 'train'?")]
    [InlineData("data", "'gputrainer data' needs a command: list")]
    [InlineData("data lst", "Did you mean 'list'?")]
    [InlineData("train --epoch 3", "Unknown option '--epoch'. Did you mean '--epochs'?")]
    [InlineData("train mnist --epoch=3", "Unknown option '--epoch=3'. Did you mean '--epochs'?")]
    [InlineData("train digits more", "Unexpected argument 'more'. See 'gputrainer train --help'.")]
    [InlineData("train --epochs", "--epochs needs a value. Number of passes over the training images")]
    [InlineData("train --epochs 0", "--epochs expects an integer (1 to 1000000), but got '0'")]
    [InlineData("train --epochs 1.5", "--epochs expects an integer")]
    [InlineData("train --lr abc", "--lr expects a number (above 0), but got 'abc'")]
    [InlineData("train --lr 0", "--lr expects a number (above 0), but got '0'")]
    [InlineData("train --lr -1", "--lr expects a number (above 0), but got '-1'")]
    [InlineData("train --lr nan", "(above 0), but got 'nan'")]
    [InlineData("train --lr 1,5", "(above 0), but got '1,5'")]
    [InlineData("train --lr 1 --lr 2", "'--lr'")]
    [InlineData("train --momentum 1", "(at least 0 and below 1), but got '1'")]
    [InlineData("train --weight-decay -1e-4", "(0 or more), but got '-1e-4'")]
    [InlineData("train --validation 1", "(above 0 and below 1), but got '1'")]
    [InlineData("train --optimizer adm", "Did you mean 'adam'?")]
    [InlineData("train --betas 0.9", "two numbers")]
    [InlineData("train --betas 0.9,1", "two numbers")]
    [InlineData("train --schedule cosin", "Did you mean 'cosine'?")]
    [InlineData("train --schedule constant:every=3", "takes per=step or per=epoch")]
    [InlineData("train --device cdua", "Did you mean 'cuda'?")]
    [InlineData("train --device cuda:x", "expected a device number")]
    [InlineData("train --device cpu:1", "only cuda and opencl devices have numbers")]
    [InlineData("train --device simulator --threads 2", "--threads")]
    [InlineData("train --threads 0", "--threads expects an integer (1 to 1024)")]
    [InlineData("train --precision fp8", "--precision expects one of fp32, tf32, fp16, but got 'fp8'")]
    [InlineData("train --kernels fast", "--kernels expects one of auto, plain, grouped, but got 'fast'")]
    [InlineData("bench step --device cpu --precision tf32", "tf32 needs tensor cores")]
    [InlineData("train --model cn2", "Did you mean 'cnn2'?")]
    [InlineData("train --model nowhere.json", "There is no model file 'nowhere.json'")]
    [InlineData("train digts", "Did you mean 'digits'?")]
    [InlineData("train --patience 3", "--patience needs a validation split")]
    [InlineData("train --init nowhere.safetensors", "there is no file 'nowhere.safetensors'")]
    [InlineData("train --resume nowhere", "There is no run folder 'nowhere'")]
    [InlineData("train --resume nowhere --model cnn2", "--model cannot be combined with --resume")]
    [InlineData("train --task gan --validation 0.2", "--validation does not apply to --task gan, which has no validation loss. Omit it.")]
    [InlineData("train --task gan --patience 2", "--patience does not apply to --task gan")]
    [InlineData("train --task gan --accumulate 2", "--accumulate does not apply to --task gan")]
    [InlineData("train --task gan --mixup 0.2", "--mixup is for classes, but --task gan learns images. Omit it.")]
    [InlineData("train --task gan --cutmix 0.2", "--cutmix is for classes")]
    [InlineData("train --task gan --class-weights balanced", "--class-weights is for classes")]
    [InlineData("train --task autoencode --label-smoothing 0.1", "--label-smoothing is for classes, but --task autoencode learns images")]
    [InlineData("train shapes --task gan --frechet-every 1", "all images of 'shapes' have the same label")]
    [InlineData("train shapes --recipe fashion", "Omit --recipe, or add --model with one of unet_small")]
    [InlineData("train --validation 0.2 --auto-decay --steps 9", "--auto-decay changes the weight decay after every 10 steps, but the run has 9 steps")]
    [InlineData("train --validation 0.2 --auto-decay --decay-for *=1e-3", "Omit it, or the decay of the layers (--decay-for)")]
    [InlineData("train --validation 1e-5", "validation cannot be 1E-05. Splitting a share of")]
    [InlineData("train --validation 0.2 --auto-decay --weight-decay 1e30", "from 1e-8 to 1e2, where a step takes a tenth of a weight")]
    [InlineData("train --validation 0.2 --auto-decay --weight-decay 1e-38", "but the start --weight-decay is 1e-38")]
    [InlineData("train --validation 0.999 --limit-train 500", "--validation 0.999 of 500 training samples leaves none to train on")]
    [InlineData("sweep --task gan --weight-decay 0,1e-3", "compares losses on held-out samples, but the loss of a generator")]
    [InlineData("eval", "Missing argument RUN")]
    [InlineData("eval nowhere", "There is no run folder 'nowhere'")]
    [InlineData("predict nowhere x.png", "There is no run folder 'nowhere'")]
    [InlineData("model show resnet2", "Did you mean 'resnet20'?")]
    [InlineData("data generate mnist", "There is no generator for 'mnist', only for digits, shapes, moons, circles, spirals")]
    [InlineData("data show --part tset", "Did you mean 'test'?")]
    public void MessageSaysWhatWasExpected(string command, string expected)
    {
        var run = CommandLine.Run(command.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.StartsWith("error: ", run.Error);
        Assert.Contains(expected, run.Error);
        Assert.DoesNotContain("   at ", run.Error);
        Assert.DoesNotContain("This is a bug", run.Error);
    }

    // A note about the data may come first.
    [Theory]
    [InlineData("train --task gan --size 30", "multiples of 4, but got 30x30x1")]
    [InlineData("train moons --recipe mnist", "Omit --recipe, or add --model with one of mlp10")]
    [InlineData("train moons --recipe mnist --model cnn2", "Omit --model, or choose one of mlp10")]
    public void WhatDoesNotFitTheDataIsAUsageError(string command, string expected)
    {
        var run = CommandLine.Run(command.Split(' '));
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Contains(expected, run.Error);
    }

    [Fact]
    public void JsonModePrintsOneObject()
    {
        var run = CommandLine.Run("train", "--epoch", "3", "--json");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Single(run.Output.TrimEnd().Split('\n'));
        Assert.Equal(ExitCode.Usage, run.Json.GetProperty("exit_code").GetInt32());
        Assert.Contains("--epochs", run.Json.GetProperty("error").GetString());
    }

    [Fact]
    public void MessageSuggestsTheNearestRunFolder()
    {
        using var folder = new IO.TempFolder();
        Directory.CreateDirectory(folder.File("cnn2-20260102-030405"));
        var run = CommandLine.Run("eval", folder.File("cnn2-20260102-030406"));
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("Did you mean", run.Error);
        Assert.Contains("cnn2-20260102-030405", run.Error);
    }

    [Theory]
    [InlineData("train", "")]
    [InlineData("sweep", " ")]
    [InlineData("data", "show", "")]
    [InlineData("eval", "runs/x", "")]
    [InlineData("model", "show", "")]
    [InlineData("train", "--out", "")]
    public void EmptyValuesAreUsageErrors(params string[] args)
    {
        var run = CommandLine.Run(args);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("Omit it, or give a value", run.Error);
    }

    [Theory]
    [InlineData("--weight-decay", "train", "--wd", "1e-4")]
    [InlineData("--lr", "train", "--learning-rate", "1e-3")]
    [InlineData("--batch", "train", "--batch-size=32")]
    [InlineData("--threads", "train", "--workers", "2")]
    [InlineData("--device cuda", "train", "--gpu")]
    [InlineData("--folds", "sweep", "--cv", "5")]
    [InlineData("--model", "bench", "step", "--arch", "cnn2")]
    public void NamesOfOtherProgramsGetASuggestion(string suggestion, params string[] args)
    {
        var run = CommandLine.Run(args);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains($"Did you mean '{suggestion}'?", run.Error);
    }

    [Theory]
    [InlineData("--betas has no effect with the optimizer sgd", "train", "--optimizer", "sgd", "--betas", "0.9,0.99")]
    [InlineData("--momentum has no effect with the optimizer adam", "train", "--momentum", "0.5")]
    [InlineData("--epsilon has no effect with the optimizer lion", "sweep", "--optimizer", "lion", "--epsilon", "1e-6")]
    [InlineData("adamw is adam with decoupled weight decay", "train", "--optimizer", "adamw", "--decay-mode", "l2")]
    [InlineData("--hold-out cannot be combined with --folds", "sweep", "--folds", "3", "--hold-out", "0.3")]
    public void ContradictionsAreUsageErrors(string expected, params string[] args)
    {
        var run = CommandLine.Run(args);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(expected, run.Error);
    }

    [Fact]
    public void ASheetThatIsTooLargeIsAUsageError()
    {
        var run = CommandLine.Run("data", "show", "digits", "--per-class", "200", "--scale", "16");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("Use a smaller --per-class or --scale", run.Error);
    }

    [Fact]
    public void StackTraceIsPrintedOnlyWithVerbose()
    {
        using var folder = new IO.TempFolder();
        var run = CommandLine.Run("data", "show", folder.Path);
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("holds no data set in a known format", run.Error);
        Assert.DoesNotContain("   at ", run.Error);
        Assert.Contains("   at Gpu.Training", CommandLine.Run("data", "show", folder.Path, "--verbose").Error);
    }
}
