using Gpu.Kernels;
using Gpu.Training.Data;
using Gpu.Training.Models;

namespace Gpu.Training.Loop;

/// <summary>Prepares a data set for a run: limits it, splits off validation images, and checks it against the model.</summary>
internal static class TrainingData
{
    /// <summary>Applies the options and checks that the model can be trained on the data.</summary>
    /// <exception cref="TrainingException">Images or classes do not fit the model, or early stopping lacks a validation split.</exception>
    public static Dataset Prepare(Dataset data, Model model, TrainingOptions options)
    {
        RequireLoss(data, model);
        if (data.Task != TaskKind.Generation) RequireInput(data, model, options);
        if (data is ImageDataset { Task: TaskKind.Segmentation } images) RequireMaskOutput(images, model, options);
        else if (data is ImageDataset { Task: TaskKind.Generation } examples) RequireGenerator(examples, model, options);
        else if (data is ImageDataset { Task: TaskKind.Autoencoding } pictures) RequireImageOutput(pictures, model, options);
        else if (model.Output.Length < data.Outputs || (data.Task != TaskKind.Classification && model.Output.Length != 1))
        {
            throw new TrainingException(data.Task == TaskKind.Classification
                ? $"The model '{model.Name}' has {model.Output.Length} outputs, but the data set '{data.Name}' has {data.Classes} classes. Its last "
                    + "layer must have as many outputs as there are classes."
                : $"The model '{model.Name}' has {model.Output.Length} outputs, but the task '{data.Task.ToString().ToLowerInvariant()}' of the data set "
                    + $"'{data.Name}' needs 1. Its last layer must have one output.");
        }

        data = data.Limit(options.LimitTrain, options.LimitTest);
        if (options.Validation is { } share) data = data.WithValidation(share, options.Seed);
        if (options.Patience is not null && data.Validation is null)
            throw new TrainingException("patience needs a validation split: early stopping on the test samples would bias the test result. "
                + "Add --validation 0.1.");
        return data;
    }

    /// <summary>Checks that the augmentation fits the images.</summary>
    /// <exception cref="TrainingException">It does not.</exception>
    public static void RequireAugmentation(ImageDataset images, TrainingOptions options)
    {
        var side = Math.Max(images.Height, images.Width);
        if (options.AugmentShift > side)
            throw new TrainingException($"The augmentation shifts by up to {options.AugmentShift} pixels, but the images of '{images.Name}' are "
                + $"{images.Height}x{images.Width} (height x width). Give 1 to {side}, such as --augment shift:{Math.Max(1, side / 8)}.");
        if (options.Augment.For(options, 1).Mistake(images.Height, images.Width, images.Channels) is { } mistake)
            throw new TrainingException($"The augmentation does not fit the images of '{images.Name}' ({images.Height}x{images.Width}x{images.Channels}, "
                + $"height x width x channels): {mistake}. Change --augment, --mixup or --cutmix.");
    }

    private static void RequireInput(Dataset data, Model model, TrainingOptions options)
    {
        var (input, sample) = (model.Input, data.SampleShape);
        if (data is ImageDataset images)
        {
            RequireAugmentation(images, options);
            if (input.IsImage ? input == sample : input.Length == sample.Length) return;
            throw new TrainingException(
                $"The model '{model.Name}' takes {input}, but the images of the data set '{data.Name}' are {images.Height}x{images.Width}x{images.Channels} "
                + "(height x width x channels). "
                + "Choose another model, or describe one with that input in a JSON file.");
        }

        if (options.Whiten) throw new TrainingException($"Whitening needs images, but '{data.Name}' is a table. Omit --whiten.");
        if (!options.Augment.For(options, 1).IsNone)
            throw new TrainingException($"Augmentation changes images, but '{data.Name}' is a table. Omit --augment, --mixup and --cutmix.");
        if (input.Length == sample.Length && !input.IsImage) return;
        throw new TrainingException(
            $"The model '{model.Name}' takes {input}, but the rows of the table '{data.Name}' have {sample.Length} values: one for each column of numbers, "
            + "and one for each level of a category. Choose another model (mlp64x2 takes any table), or describe one with that input in a JSON file.");
    }

    private static void RequireMaskOutput(ImageDataset data, Model model, TrainingOptions options)
    {
        if ((options.LabelSmoothing ?? model.Recipe.LabelSmoothing) is > 0 and var smoothing)
            throw new TrainingException($"label-smoothing is {smoothing}, but '{data.Name}' has masks, whose losses have no label smoothing. Omit it.");
        var output = model.Output;
        var fits = output.IsImage && (output.Height, output.Width) == (data.Height, data.Width);
        if (fits && output.Channels >= data.Classes && output.Channels <= PixelLoss.MaxClasses) return;
        throw new TrainingException(
            $"The model '{model.Name}' has the output {output}, but the masks of the data set '{data.Name}' need {data.Height}x{data.Width}x{data.Classes}: "
            + $"for each pixel one output per class (at most {PixelLoss.MaxClasses}). Choose a network for masks, such as unet_small.");
    }

    private static void RequireImageOutput(ImageDataset data, Model model, TrainingOptions options)
    {
        RequireNoClasses(data, model, options);
        if (model.Output.Length == data.SampleShape.Length) return;
        throw new TrainingException(
            $"The model '{model.Name}' has the output {model.Output}, but an autoencoder of '{data.Name}' must give its images again: {data.SampleShape}. "
            + "Choose an autoencoder, such as autoencoder_small.");
    }

    private static void RequireGenerator(ImageDataset data, Model model, TrainingOptions options)
    {
        RequireNoClasses(data, model, options);
        RequireAugmentation(data, options);
        var useless = options.Accumulate > 1 ? "accumulate" : options.Whiten ? "whiten" : options.Validation is not null ? "validation"
            : options.Patience is not null ? "patience" : null;
        if (useless is not null)
            throw new TrainingException($"{useless} does not apply to a generator and its discriminator, which have no validation loss and alternate in "
                + "each step. Omit it.");
        _ = Generation.Discriminator.Require(model);
        if (model.ConditionClasses > 0 && model.ConditionClasses != data.Classes)
        {
            throw new TrainingException(
                $"The model '{model.Name}' is told one of {model.ConditionClasses} classes, but the data set '{data.Name}' has {data.Classes}. Choose a model "
                + "for as many, or one without classes.");
        }

        if (model.Output == data.SampleShape) return;
        throw new TrainingException(
            $"The model '{model.Name}' makes images of {model.Output}, but those of the data set '{data.Name}' are {data.SampleShape}. Choose a model for "
            + "them, such as dcgan_small.");
    }

    private static void RequireNoClasses(ImageDataset data, Model model, TrainingOptions options)
    {
        var option = (options.LabelSmoothing ?? model.Recipe.LabelSmoothing) > 0 ? "label-smoothing" : options.ClassWeights is not null ? "class-weights"
            : options.Mixup > 0 ? "mixup" : options.Cutmix > 0 ? "cutmix" : null;
        if (option is not null)
            throw new TrainingException($"{option} is for classes, but the task on '{data.Name}' is {data.Task.ToString().ToLowerInvariant()}. Omit it.");
    }

    private static void RequireLoss(Dataset data, Model model)
    {
        if (TaskModel.Accepts(data.Task, model.Recipe.Loss)) return;
        throw new TrainingException(
            $"The model '{model.Name}' is trained with {model.Recipe.Loss}, but the task '{data.Task.ToString().ToLowerInvariant()}' of the data set "
            + $"'{data.Name}' needs {string.Join(" or ", Enum.GetValues<LossKind>().Where(loss => TaskModel.Accepts(data.Task, loss)))}. "
            + $"{nameof(TaskModel)}.{nameof(TaskModel.Adapt)} replaces the loss.");
    }
}
